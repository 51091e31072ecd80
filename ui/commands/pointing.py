"""Places in a photo as somebody types them: a point or a box, and what is to happen there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import click

from deepmask.area import Click, Selection
from deepmask.body_plan import BODY_ACTIONS, BodyAction
from deepmask.errors import InputError
from deepmask.faces import Box


@dataclass(frozen=True)
class Pointed:
    """A place, and what happens to what is there."""

    selection: Selection
    action: BodyAction

    @property
    def box_xyxy(self) -> Box | None:
        """The box; None of a point."""
        return self.selection.box_xyxy


class _Place(click.ParamType):
    """Numbers and an action, as 'X,Y=ACTION'."""

    def __init__(self, name: str, numbers: int, example: str) -> None:
        self.name, self._numbers, self._example = name, numbers, example

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Pointed:
        if isinstance(value, Pointed):
            return value
        numbers, _, action = str(value).partition("=")
        try:
            values = [float(number) for number in numbers.split(",")]
            known = BODY_ACTIONS[BODY_ACTIONS.index(cast(BodyAction, action))]
            if len(values) != self._numbers:
                raise ValueError(f"{len(values)} numbers")
            return Pointed(_selection(values), known)
        except ValueError:
            self.fail(f"{value!r} must look like {self._example}; actions are {', '.join(BODY_ACTIONS)}.", param, ctx)
        except InputError as error:
            self.fail(str(error), param, ctx)


def _selection(values: list[float]) -> Selection:
    if len(values) == 2:
        return Selection((Click(values[0], values[1]),))
    return Selection(box_xyxy=(values[0], values[1], values[2], values[3]))


POINT = _Place("point", 2, "420,310=remove")
BOX = _Place("box", 4, "40,500,160,540=pixelate")
