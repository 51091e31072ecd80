"""Edits of a video's plan as somebody types them: who gets what, and where faces are in which frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import click

from deepmask.faces import Box
from deepmask.plan import ACTIONS, Action, Decision
from deepmask.track import BODY_COVERS, BodyCover
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines import video
from ui.commands.face_options import together

Edit = Callable[[VideoPlan, Vault], VideoPlan]

_PERSONA = "persona:"
_WORDS = f"{_PERSONA}NAME, {', '.join(action for action in ACTIONS if action != 'persona')}"
_KEEP = "keep"
_COVERS = f"{', '.join(BODY_COVERS)}, {_KEEP}"
_FRAMES = r"(\d+)-(\d+)"
_BOX = r"(-?[\d.]+),(-?[\d.]+),(-?[\d.]+),(-?[\d.]+)"


class _Typed(click.ParamType):
    """An edit of a certain form."""

    def __init__(self, name: str, form: str, example: str, make: Callable[..., Edit]) -> None:
        self.name, self._form, self._example, self._make = name, form, example, make

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Edit:
        if callable(value):
            return cast(Edit, value)
        parts = re.fullmatch(self._form, str(value))
        try:
            if parts is None:
                raise ValueError
            return self._make(*parts.groups())
        except ValueError:
            self.fail(f"{value!r} must look like {self._example}.", param, ctx)


def _decision(text: str, vault: Vault) -> Decision:
    if text.startswith(_PERSONA):
        return Decision("persona", vault.persona(text.removeprefix(_PERSONA)).id)
    return Decision(cast(Action, text))


def _known(text: str) -> str:
    """An action that exists."""
    if not text.startswith(_PERSONA) and (text not in ACTIONS or text == "persona"):
        raise ValueError(text)
    return text


def _decide(id: str, action: str) -> Edit:
    wanted = _known(action)
    return lambda plan, vault: plan.with_track(plan.track(id).decided(_decision(wanted, vault)))


def _box(first: str, last: str, x1: str, y1: str, x2: str, y2: str, action: str) -> Edit:
    wanted, place = _known(action), _place(x1, y1, x2, y2)
    return lambda plan, vault: video.add_track(plan, int(first), int(last), place, _decision(wanted, vault))


def _move(id: str, frame: str, x1: str, y1: str, x2: str, y2: str) -> Edit:
    place = _place(x1, y1, x2, y2)
    return lambda plan, _: video.move_box(plan, id, int(frame), place)


def _reach(id: str, first: str, last: str) -> Edit:
    return lambda plan, _: video.reach(plan, id, int(first), int(last))


def _drop(id: str) -> Edit:
    return lambda plan, _: plan.without(id)


def _body(id: str, cover: str) -> Edit:
    covering = _cover(cover)
    return lambda plan, _: video.cover_body(plan, id, covering)


def _others(cover: str) -> Edit:
    covering = _cover(cover)
    return lambda plan, _: video.cover_others(plan, covering)


def _cover(text: str) -> BodyCover | None:
    """A covering that exists; None for 'keep'."""
    if text not in (*BODY_COVERS, _KEEP):
        raise ValueError(text)
    return None if text == _KEEP else cast(BodyCover, text)


def _place(x1: str, y1: str, x2: str, y2: str) -> Box:
    return float(x1), float(y1), float(x2), float(y2)


edits = together(
    click.option("--decide", "decisions", metavar="ID=ACTION", multiple=True,
                 type=_Typed("decision", r"([^=]+)=(.+)", f"face-2=solid; actions: {_WORDS}", _decide),
                 help=f"This face gets this: {_WORDS}."),
    click.option("--box", "boxes", metavar="FIRST-LAST:X1,Y1,X2,Y2=ACTION", multiple=True,
                 type=_Typed("box", rf"{_FRAMES}:{_BOX}=(.+)", f"24-96:40,30,120,130=solid; actions: {_WORDS}", _box),
                 help="A face that was missed, in the frames FIRST to LAST."),
    click.option("--move", "moves", metavar="ID@FRAME:X1,Y1,X2,Y2", multiple=True,
                 type=_Typed("move", rf"([^@]+)@(\d+):{_BOX}", "face-2@48:40,30,120,130", _move),
                 help="In this frame this face is here; the frames between follow."),
    click.option("--reach", "reaches", metavar="ID=FIRST-LAST", multiple=True,
                 type=_Typed("reach", rf"([^=]+)={_FRAMES}", "face-2=24-96", _reach),
                 help="This face is seen from frame FIRST to LAST."),
    click.option("--body", "bodies", metavar="ID=COVER", multiple=True,
                 type=_Typed("body", r"([^=]+)=(.+)", f"face-2=silhouette; covers: {_COVERS}", _body),
                 help=f"The whole person of this face gets this: {_COVERS}."),
    click.option("--others", "others", metavar="COVER", multiple=True,
                 type=_Typed("cover", r"(.+)", f"silhouette; covers: {_COVERS}", _others),
                 help="People whose face is in no frame get this."),
    click.option("--drop", "drops", metavar="ID", multiple=True, type=_Typed("face", r"(.+)", "face-2", _drop),
                 help="This is no face."),
)  # fmt: skip
"""Adds the options; the command gets tuples of :data:`Edit` called decisions, boxes, moves, reaches, bodies,
others and drops."""
