"""The controls that adjust a draft: menus, an age slider and colour pickers, each of which paints the draft anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from deepmask.persona import CHOICES, COLOUR_FIELDS, Attributes

LABELS = {
    "gender": "Appears", "age": "Age", "heritage": "Heritage", "skin": "Skin", "freckles": "Freckles",
    "hair_style": "Hair", "hair_colour": "Hair colour", "beard": "Beard", "eyes": "Eyes", "glasses": "Glasses",
    "mood": "Mood", "clothing": "Clothes", "background": "Background",
}  # fmt: skip
GROUPS: dict[str, tuple[str, ...]] = {
    "Person": ("gender", "heritage", "age", "skin", "freckles"),
    "Hair and beard": ("hair_style", "hair_colour", "beard"),
    "Face": ("eyes", "glasses", "mood"),
    "Clothes and background": ("clothing", "background"),
}
PICKERS = {"clothing": "clothing_colour"} | {name: name for name in COLOUR_FIELDS if name in CHOICES}
"""Menu → the field that the colour picker beside it sets."""
TYPICAL_AGE = 35
"""Where the slider stands while the age is left to the seed."""
_SWATCHES = {
    "pale": "#f3dccd", "fair": "#ecc9b0", "light_warm": "#e3b48f", "olive": "#c99a6b", "tan": "#b98153",
    "brown": "#8a5a3b", "dark": "#5d3b28", "deep": "#3e271c", "black": "#1c1a1a", "dark_brown": "#38261c",
    "chestnut": "#6b3e26", "auburn": "#7c3320", "ginger": "#b5562a", "blond": "#d9b56d", "platinum": "#e9dfc7",
    "grey": "#9a9a9a", "white": "#f2f2f2", "blue": "#4a7fc1", "pink": "#e58fb1", "green": "#5c9a5f",
    "purple": "#7c5aa6", "hazel": "#8e7145", "amber": "#b9802e", "violet": "#7c68b5",
}  # fmt: skip
_UNSET = "#c8c8c8"


class Adjust:
    """The controls; ``components`` are to be outputs of whatever shows another draft."""

    def __init__(self) -> None:
        self._menus: dict[str, gr.Dropdown] = {}
        self._pickers: dict[str, gr.ColorPicker] = {}
        for title, names in GROUPS.items():
            with gr.Accordion(title, open=title == "Person", elem_classes="dm-adjust"), gr.Row(elem_classes="dm-grid"):
                for name in names:
                    self._build(name)
        self.components = [*self._menus.values(), *self._pickers.values(), self._age, self._freckles]

    def _build(self, name: str) -> None:
        if name == "age":
            self._age = gr.Slider(16, 90, TYPICAL_AGE, step=1, label=LABELS[name], min_width=150, elem_id="age")
        elif name == "freckles":
            self._freckles = gr.Checkbox(label=LABELS[name], min_width=110)
        else:
            with gr.Row(elem_classes="dm-pair", equal_height=True):
                self._menus[name] = gr.Dropdown(
                    _words(name), value="", label=LABELS[name], interactive=True, min_width=110, scale=5,
                    allow_custom_value=name in COLOUR_FIELDS, elem_id=f"adjust-{name}",
                )  # fmt: skip
                if field := PICKERS.get(name):
                    self._pickers[field] = gr.ColorPicker(
                        _UNSET, label=f"Exact colour: {LABELS[name].lower()}", min_width=64, scale=1, interactive=True,
                        elem_classes="dm-picker",
                    )  # fmt: skip

    def on_change(self, wire: Callable[[Any, Any, str, Any], None]) -> None:
        """Call ``wire(listener, component, field, clean)`` for every control; ``clean`` makes an attribute of it."""
        for name, menu in self._menus.items():
            wire(menu.input, menu, name, lambda value: value or None)
        for name, picker in self._pickers.items():
            wire(picker.release, picker, name, to_hex)
        wire(self._age.release, self._age, "age", int)
        wire(self._freckles.input, self._freckles, "freckles", bool)

    def show(self, attributes: Attributes) -> dict[Any, Any]:
        """The controls as ``attributes`` have them."""
        updates: dict[Any, Any] = {}
        for name, menu in self._menus.items():
            updates[menu] = gr.update(value=getattr(attributes, name) or "")
        for name, picker in self._pickers.items():
            value = getattr(attributes, name)
            updates[picker] = gr.update(value=_UNSET if value is None else _SWATCHES.get(value, value))
        updates[self._age] = gr.update(value=attributes.age or TYPICAL_AGE)
        updates[self._freckles] = gr.update(value=attributes.freckles)
        return updates


def to_hex(colour: str | None) -> str | None:
    """'#rrggbb' of what a colour picker gives, which may also be 'rgb(1, 2, 3)' or 'rgba(1.5, 2, 3, 1)'."""
    if not colour or colour.startswith("#"):
        return colour[:7].lower() if colour else None
    numbers = colour[colour.index("(") + 1 : colour.index(")")].split(",")[:3]
    return "#" + "".join(f"{min(255, max(0, round(float(n)))):02x}" for n in numbers)


def _words(name: str) -> list[tuple[str, str]]:
    return [("auto", ""), *((word.replace("_", " "), word) for word in CHOICES[name])]
