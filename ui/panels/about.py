"""The About tab: what this protects against, and what not."""

from __future__ import annotations

from html import escape

import gradio as gr

from deepmask import __version__
from ui.panels.shared import heading

HELPS, DOES_NOT = "Helps", "Does not"
PROTECTS = (
    (HELPS, "A masked photo or video no longer carries your face, so it feeds neither a deepfake nor a face search."),
    (HELPS, "Every masked face is compared with the original, and hidden more strongly when it still resembles it."),
    (HELPS, "A recording, or the sound of a video, speaks with a persona's voice instead of yours."),
    (HELPS, "Place, time, camera and all other hidden data are removed from photos, videos and recordings."),
    (HELPS, "Everything runs on this computer; networks are downloaded only when you ask for one in the Engines tab."),
    (HELPS, "The Bodies tab hides people from head to foot, or removes them from a photo."),
    (HELPS, "The Protect tab proves that a photo is yours, and finds it again; the Detect tab looks for fakes."),
    (DOES_NOT, "Where only faces are masked, people who know you may recognise clothes, hair, body or surroundings."),
    (DOES_NOT, "A face that was not found stays visible: look at the result before you share it."),
    (DOES_NOT, "Somebody determined may recognise a converted voice; one that speaks anew hides you better."),
    (DOES_NOT, "The Webcam tab is a preview: no recogniser judges its masks while you watch."),
    (DOES_NOT, "A cloak deceives networks it was measured with, no others; a detector of fakes gives hints."),
    (DOES_NOT, "Photos that are already public stay as they are."),
)


class AboutPanel:
    """Builds the tab; it has no events."""

    def __init__(self) -> None:
        with gr.Column(elem_classes="dm-reading"):
            gr.HTML(heading("What this protects, and what not") + _protection(), padding=False)
            gr.HTML(f'<p class="dm-fine">Deepmask {escape(__version__)}</p>', padding=False)


def _protection() -> str:
    rows = (
        f'<li><span class="dm-chip dm-{"hidden" if kind == HELPS else "kept"}">{kind}</span><p>{escape(text)}</p></li>'
        for kind, text in PROTECTS
    )
    return f'<ul class="dm-protects">{"".join(rows)}</ul>'
