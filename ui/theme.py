"""Colours, type and spacing of the app; system fonts only, so that the page needs nothing from anywhere."""

from __future__ import annotations

from pathlib import Path

from gradio.themes import Base, Color, Font, Size

from deepmask.dossier import STYLE

ASSETS = Path(__file__).resolve().parent / "assets"
LOGO = (ASSETS / "logo.svg").read_text("utf-8")
FAVICON = ASSETS / "logo.svg"
CSS = STYLE + (ASSETS / "app.css").read_text("utf-8")
HEAD = (
    '<meta name="color-scheme" content="light dark"><meta name="theme-color" content="#0d7a72">'
    "<style>@media (max-width: 700px) { .toast-wrap { top: auto !important; bottom: 10px !important } }</style>"
)
"""Messages lie below on phones, where they would cover the tabs; Gradio narrows media rules of ``CSS`` to the page's
content, which messages are no part of."""

TEAL = Color(
    "#effaf8", "#d3f1ec", "#a8e2da", "#73ccc2", "#41afa4", "#1f948a", "#0d7a72", "#0c625c", "#0e4f4b", "#0f413f",
    "#052725",
)  # fmt: skip
STONE = Color(
    "#faf9f7", "#f3f1ee", "#e6e3de", "#d3cfc8", "#a5a19a", "#77736d", "#57534e", "#423f3b", "#2a2826", "#1d1c1a",
    "#121110",
)  # fmt: skip
_SANS = [Font(name) for name in ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")]
_MONO = [Font(name) for name in ("ui-monospace", "SF Mono", "Consolas", "monospace")]


def _theme() -> Base:
    theme = Base(
        primary_hue=TEAL,
        secondary_hue=TEAL,
        neutral_hue=STONE,
        font=_SANS,
        font_mono=_MONO,
        radius_size=Size("4px", "6px", "8px", "10px", "12px", "16px", "22px"),
        text_size=Size("11px", "12.5px", "13.5px", "15px", "17px", "21px", "26px"),
    )
    return theme.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_800",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_border_width="1px",
        block_label_background_fill="transparent",
        block_label_border_width="0px",
        block_title_text_weight="600",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_shadow="none",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        input_background_fill="white",
        input_background_fill_dark="*neutral_800",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        input_shadow_focus="0 0 0 3px rgba(13, 122, 114, .15)",
        button_large_radius="*radius_lg",
        button_small_radius="*radius_lg",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        button_primary_border_color="transparent",
        button_secondary_background_fill="white",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        button_secondary_text_color="*neutral_700",
        button_secondary_text_color_dark="*neutral_100",
        button_border_width="1px",
        checkbox_label_background_fill="transparent",
        checkbox_label_border_width="0px",
        checkbox_border_radius="4px",
        slider_color="*primary_600",
        loader_color="*primary_600",
    )


THEME = _theme()
