"""What painters that follow words can be asked for beyond the description: the accordion 'Advanced'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask import engines, weights
from deepmask.engines import EngineSpec
from deepmask.errors import InputError
from deepmask.face_pose import OF_PHOTO, FacePose
from deepmask.media import Photo
from deepmask.wishes import Wishes
from pipelines import avatar
from ui.events import BAR, Updates, progress_of
from ui.panels.shared import ACCEPTED, App, note
from ui.pose_picture import pose_picture
from ui.session import Session

SPEEDS = [("Automatic", "auto"), ("Fast", "fast"), ("Thorough", "thorough")]
AUTOMATIC, STEPS, GUIDANCE = "Automatic", ("4", "8", "20", "30", "50"), ("1", "3", "5", "7.5", "10")
FREE = "Free"


class WishesForm:
    """The controls; visible while a style is chosen that heeds them and is ready."""

    def __init__(self, app: App) -> None:
        self._app = app
        with gr.Accordion("Advanced", open=False, visible=False, elem_id="advanced") as self.all:
            self.negative = gr.Textbox(
                label="What must not be seen", placeholder="hat, sunglasses, text", max_lines=2, max_length=500,
                elem_id="negative",
            )  # fmt: skip
            self.speed = gr.Radio(SPEEDS, value="auto", label="Speed", elem_id="speed", elem_classes="dm-switch")
            with gr.Row(elem_classes="dm-tight dm-two"):
                self.steps = gr.Dropdown(
                    [AUTOMATIC, *STEPS],
                    value=AUTOMATIC,
                    label="Steps",
                    allow_custom_value=True,
                    min_width=110,
                    elem_id="steps",
                )
                self.guidance = gr.Dropdown(
                    [AUTOMATIC, *GUIDANCE], value=AUTOMATIC, label="Closeness to the words",
                    allow_custom_value=True, min_width=110, elem_id="guidance",
                )  # fmt: skip
            gr.HTML('<div class="dm-label">How the head is held</div>', padding=False)
            self.poses = gr.Gallery(
                show_label=False, height="auto", allow_preview=False, buttons=[], container=False, elem_id="poses",
                elem_classes="dm-faces dm-poses",
            )  # fmt: skip
            self.take = gr.UploadButton("Same pose as in a photo", size="sm", file_types=ACCEPTED, elem_id="pose-photo")
            self.reader = gr.Radio(
                value="auto", label="Pose read by", visible=False, elem_id="pose-reader", elem_classes="dm-switch"
            )
            self.looking = gr.HTML("", visible=False, elem_classes="dm-progress")
        self.hint = gr.HTML("", padding=False, elem_id="style-hint")
        self.controls = [self.negative, self.speed, self.steps, self.guidance]
        """Inputs of :meth:`wishes`, in the order of its arguments."""
        self.components = [v for v in vars(self).values() if isinstance(v, Block)]

    def wire(self, work: Any, guarded: Any, outputs: list[Any]) -> None:
        """Connect the controls that act by themselves."""
        state = self._app.state
        self.poses.select(guarded(self._on_pose), [state], outputs, show_progress="hidden")
        self.take.upload(
            lambda: gr.update(visible=True), None, self.looking, queue=False, show_progress="hidden"
        ).then(
            work(self._on_photo), [state, self.take, self.reader], outputs,
            show_progress_on=self.looking, concurrency_id="work",
        )  # fmt: skip

    @staticmethod
    def wishes(
        session: Session, negative: str | None, speed: str | None, steps: str | None, guidance: str | None
    ) -> Wishes:
        """What the controls ask for; they have no value before the accordion was opened.

        Raises:
            InputError: steps or guidance are no numbers, or out of bounds.
        """
        fast, count = {"fast": True, "thorough": False}.get(speed or ""), _number(steps, "steps")
        return Wishes(
            "", (negative or "").strip(), None if count is None else int(count), _number(guidance, "closeness"), fast,
            session.pose,
        )  # fmt: skip

    def show(self, session: Session) -> Updates:
        """The controls as the session has them."""
        row = _row(session.style)
        heeds = row is not None and row.heeds_wishes and not row.missing()
        updates: Updates = {
            self.all: gr.update(visible=heeds),
            self.hint: note(how_to_get(row)) if row is not None and row.missing() else "",
            self.looking: gr.update(visible=False),
        }
        if heeds:
            shown = _poses(session)
            chosen = next((n for n, pose in enumerate(shown) if _same(pose, session.pose)), 0)
            pictures = [
                (session.picture(pose_picture(pose), "pose"), FREE if pose is None else _title(pose.name))
                for pose in shown
            ]
            updates[self.poses] = gr.update(value=pictures, selected_index=chosen)
            readers = pose_readers()
            updates[self.reader] = gr.update(choices=readers, visible=len(readers) > 1)
        return updates

    def _on_pose(self, session: Session, event: gr.SelectData) -> Updates:
        session.pose = _poses(session)[event.index]
        return self.show(session)

    def _on_photo(self, session: Session, file: str, reader: str | None, bar: gr.Progress = BAR) -> None:
        path = session.adopt(Path(file))
        try:
            source = Photo.open(path, max_megapixels=self._app.settings.max_megapixels)
            session.pose = avatar.pose_of(source, reader or "auto", progress=progress_of(session, bar))
        finally:
            path.unlink(missing_ok=True)


def styles() -> list[tuple[str, str]]:
    """What the style switch offers: those that go by attributes first, as they are at once there."""
    rows = sorted(engines.rows("portrait_painter"), key=lambda row: row.heeds_wishes)
    return [(row.label or row.name, row.name) for row in rows]


def pose_readers() -> list[tuple[str, str]]:
    """What can read the pose of a photo here; the first is what is taken unasked."""
    ready = [row for row in engines.rows("pose_reader") if not row.missing()]
    titles = [f"{row.label or row.name}{'' if row.commercial else ', non-commercial'}" for row in ready]
    return [(title, "auto" if n == 0 else row.name) for n, (row, title) in enumerate(zip(ready, titles, strict=True))]


def how_to_get(row: EngineSpec) -> str:
    """One line: what a style lacks and the way to get it."""
    size = sum(weights.offer(name).size_bytes for name in weights.missing(row.needed_weights()))
    much = f" once ({weights.size_text(size)})" if size else ""
    return f"{row.label or row.name} has to be downloaded{much}: in the Engines tab, or with “{row.remedy()}”."


def _row(style: str) -> EngineSpec | None:
    return next((row for row in engines.rows("portrait_painter") if row.name == style), None)


def _poses(session: Session) -> list[Any]:
    """None, the templates, and the pose that was taken from a photo."""
    templates = FacePose.templates()
    own = session.pose is not None and not any(_same(session.pose, pose) for pose in templates)
    return [None, *templates, *([session.pose] if own else [])]


def _same(a: Any, b: Any) -> bool:
    return (a is None) == (b is None) and (a is None or a.name == b.name)


def _title(name: str) -> str:
    """Words under a pose."""
    if name == OF_PHOTO:
        return "As in the photo"
    return name.replace("three-quarter", "¾").replace("-", " ").capitalize()


def _number(text: str | float | None, what: str) -> float | None:
    if text in (None, "", AUTOMATIC):
        return None
    try:
        return float(str(text).replace(",", "."))
    except ValueError:
        raise InputError(f"The {what} must be a number, got {text!r}; choose {AUTOMATIC} if in doubt.") from None
