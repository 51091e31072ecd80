"""The few options of sealing, tagging and cloaking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import gradio as gr
from gradio.blocks import Block

from deepmask.filters import ONE_SIDED, Filters
from pipelines.protect.cloaking import STRENGTHS, CloakOptions
from pipelines.protect.sealing import PROTECTIONS
from pipelines.protect.tagging import TagOptions
from ui.body_choices import engine_choices
from ui.choices import REGIONS
from ui.events import Updates
from ui.panels.shared import note
from ui.protect_desk import ProtectDesk
from ui.session import Session

GUARDED = [("Faces", "faces"), ("People", "people")]
Wiring = Callable[[Any, Callable[..., None], list[Any]], None]
"""Connects a listener to a change of the session by the values of components."""
NAMES = {"black_and_white": "Black and white"}
"""Filters whose name is no word for people."""


class ProtectOptions:
    """Builds the controls where it is made; shown are those of the chosen job."""

    def __init__(self) -> None:
        with gr.Column(visible=True) as self.seal:
            self.guarded = gr.CheckboxGroup(
                GUARDED, value=[], label="More protection for", elem_id="seal-protect",
                info="A change there is told more finely",
            )  # fmt: skip
        with gr.Column(visible=False) as self.tag:
            self._build_tag(TagOptions())
        with gr.Column(visible=False) as self.cloak:
            self._build_cloak(CloakOptions())

    def _build_tag(self, default: TagOptions) -> None:
        self.amount = gr.Slider(
            1, 4, value=default.strength, step=0.5, label="Strength", elem_id="tag-strength",
            info="A stronger tag survives more and shows a little more",
        )  # fmt: skip
        self.private = gr.Checkbox(
            value=default.private, label="Only I can read it", elem_id="tag-private",
            info="Otherwise everybody with Deepmask can tell that it is tagged",
        )  # fmt: skip

    def _build_cloak(self, default: CloakOptions) -> None:
        self.strength = gr.Slider(
            STRENGTHS[0], STRENGTHS[-1], value=default.strength, step=1, label="Strength", elem_id="cloak-strength",
            info="A stronger cloak deceives more and is seen sooner",
        )  # fmt: skip
        self.region = gr.Radio(
            REGIONS, value=default.region, label="Changes", elem_classes="dm-switch", elem_id="cloak-region"
        )
        self.engine = gr.Dropdown(
            label="Made against",
            value="auto",
            choices=engine_choices("cloak"),
            interactive=True,
            elem_id="cloak-engine",
        )
        with gr.Accordion("Filters", open=False, elem_id="cloak-filters"):
            self.filtered = gr.HTML("", padding=False, visible=False)
            with gr.Column(elem_classes="dm-grid"):
                self.filters = {
                    field.name: gr.Slider(
                        0 if field.name in ONE_SIDED else -1, 1, value=0, step=0.05,
                        label=NAMES.get(field.name, field.name.capitalize()), elem_id=f"filter-{field.name}",
                    )
                    for field in fields(Filters)
                }  # fmt: skip
            self.plain = gr.Button("No filters", size="sm", elem_id="no-filters")

    @property
    def components(self) -> list[Block]:
        """All that :meth:`show` updates."""
        return [v for v in vars(self).values() if isinstance(v, Block)] + list(self.filters.values())

    # --------------------------------------------------------------------------------------------------- events
    def wire(self, changing: Wiring, sliding: Wiring) -> None:
        """Change the session whenever one of the options is changed.

        Args:
            changing: connects a listener to a change of the session; all of the tab is shown afterwards.
            sliding: the same for sliders while they are moved: what is shown afterwards is all but the sliders.
        """
        changing(self.guarded.input, _guard, [self.guarded])
        changing(self.private.input, _tag, [self.amount, self.private])
        sliding(self.amount.input, _tag, [self.amount, self.private])
        chosen = [self.strength, self.region, self.engine]
        for listener in (self.region.input, self.engine.input):
            changing(listener, _cloak, chosen)
        sliding(self.strength.input, _cloak, chosen)
        sliders = list(self.filters.values())
        for slider in sliders:
            sliding(slider.input, _filter, sliders)
            changing(slider.release, _filter, sliders)
        changing(self.plain.click, _unfilter, [])

    # ----------------------------------------------------------------------------------------------------- show
    def show(self, desk: ProtectDesk) -> Updates:
        """The controls as the session has them."""
        cloak = desk.cloak
        used = cloak.filters.used()
        return {
            self.seal: gr.update(visible=desk.job == "seal"),
            self.tag: gr.update(visible=desk.job == "tag"),
            self.cloak: gr.update(visible=desk.job == "cloak"),
            self.guarded: list(desk.seal.protect),
            self.amount: desk.tag.strength,
            self.private: desk.tag.private,
            self.strength: cloak.strength,
            self.region: cloak.region,
            self.engine: gr.update(choices=engine_choices("cloak"), value=cloak.engine),
            self.filtered: gr.update(
                value=note("The photo is filtered first, and the cloak made for what is published."), visible=bool(used)
            ),
            self.plain: gr.update(visible=bool(used)),
            **{slider: used.get(name, 0) for name, slider in self.filters.items()},
        }  # fmt: skip


def _guard(session: Session, parts: list[str]) -> None:
    session.protect.seal = replace(session.protect.seal, protect=tuple(part for part in PROTECTIONS if part in parts))


def _tag(session: Session, strength: float, private: bool) -> None:
    session.protect.tag = replace(session.protect.tag, strength=strength, private=private)


def _cloak(session: Session, strength: float, region: Any, engine: str) -> None:
    session.protect.cloak = replace(session.protect.cloak, strength=int(strength), region=region, engine=engine)


def _filter(session: Session, *values: float) -> None:
    names = [field.name for field in fields(Filters)]
    filters = Filters(**dict(zip(names, values, strict=True)))
    session.protect.cloak = replace(session.protect.cloak, filters=filters)
    session.protect.look = "picture"


def _unfilter(session: Session) -> None:
    session.protect.cloak = replace(session.protect.cloak, filters=Filters())
