"""The About tab: what this protects against, and which engines do the work under which licence."""

from __future__ import annotations

from html import escape

import gradio as gr

from deepmask import __version__, engines
from ui.panels.shared import heading

KINDS = {
    "portrait_painter": "Paints personas",
    "face_finder": "Finds faces",
    "face_landmarker": "Reads their pose",
    "face_recognizer": "Tells people apart",
    "face_swapper": "Covers faces",
}
HELPS, DOES_NOT = "Helps", "Does not"
PROTECTS = (
    (HELPS, "A masked photo no longer carries your face, so it feeds neither a deepfake nor a face search."),
    (HELPS, "Every masked face is compared with the original, and hidden more strongly when it still resembles it."),
    (HELPS, "Place, time, camera and all other hidden data are removed from the photo."),
    (DOES_NOT, "People who know you may recognise your clothes, hair, body or surroundings."),
    (DOES_NOT, "A face that was not found stays visible: look at the result before you share it."),
    (DOES_NOT, "Photos that are already public stay as they are."),
)


class AboutPanel:
    """Builds the tab; it has no events."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="dm-desk"):
            with gr.Column(scale=4, min_width=300):
                gr.HTML(heading("What this protects, and what not") + _protection(), padding=False)
            with gr.Column(scale=7, min_width=320):
                gr.HTML(heading("Engines", "Everything runs on this computer.") + _table(), padding=False)
        gr.HTML(f'<p class="dm-fine">Deepmask {escape(__version__)}</p>', padding=False)


def _protection() -> str:
    rows = (
        f'<li><span class="dm-chip dm-{"hidden" if kind == HELPS else "kept"}">{kind}</span><p>{escape(text)}</p></li>'
        for kind, text in PROTECTS
    )
    return f'<ul class="dm-protects">{"".join(rows)}</ul>'


def _table() -> str:
    rows = "".join(_row(row) for row in engines.table())
    head = "<tr><th>Engine</th><th>What it does</th><th>Licence</th><th>Business use</th><th>Ready</th></tr>"
    return f'<div class="dm-table"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _row(row: engines.EngineSpec) -> str:
    commercial = "no" if "non-commercial" in row.licence.lower() else "yes"
    missing = row.missing()
    ready = "yes" if not missing else f"no: {escape(row.install)}"
    job = f"{KINDS.get(row.kind, row.kind)}: {row.summary}"
    cells = (f"<b>{escape(row.name)}</b>", escape(job), escape(row.licence), commercial, ready)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
