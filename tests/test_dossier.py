"""Findings laid out for people: whole pages that load nothing, and in which names of others are only words."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from deepmask.dossier import Dossier, Exhibit, Table, page

RED = np.full((60, 90, 3), (200, 20, 20), np.uint8)


def dossier(**changes) -> Dossier:
    fields = {
        "title": "Faked pixels in <b>party</b>.jpg",
        "verdict": "Fake",
        "tone": "bad",
        "summary": "The face was replaced.",
        "reasons": ("The tag is missing there.", "<script>alert(1)</script>"),
        "tables": (Table("Numbers", ("What", "Value"), (("PSNR & SSIM", "44 dB"),), "Higher is nearer."),),
        "exhibits": (Exhibit('Heat "map"', RED, "Red is faked."),),
        "notes": ("Trained on few photos.",),
    }
    return Dossier(**{**fields, **changes})


def test_a_page_says_all_and_loads_nothing(tmp_path):
    dossier().save(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text("utf-8")
    for words in (
        "Fake",
        "The face was replaced.",
        "The tag is missing there.",
        "44 dB",
        "Red is faked.",
        "few photos",
    ):
        assert words in html
    assert html.index("The face was replaced") < html.index("The tag is missing") < html.index("44 dB")
    assert not re.search(r"""(?:src|href)=["'](?!data:)|url\(|@import|<script""", html)
    assert "default-src 'none'" in html


def test_names_of_files_and_people_are_words_only():
    html = dossier().html()
    assert "<b>party</b>" not in html
    assert "&lt;b&gt;party&lt;/b&gt;" in html
    assert "<script>" not in html
    assert 'alt="Heat &quot;map&quot;"' in html
    assert "PSNR &amp; SSIM" in html


def test_a_picture_inside_a_page_is_the_exhibit():
    found = re.search(r"data:image/jpeg;base64,([^\"]+)", dossier().html())
    assert found
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))))
    assert picture.shape == RED.shape
    assert np.abs(picture.astype(int) - RED).max() < 6


def test_pictures_may_lie_elsewhere_and_large_ones_are_made_smaller():
    body = dossier().body(lambda image: f"file={image.shape[0]}")
    assert 'src="file=60"' in body
    assert "data:" not in body
    large = dossier(exhibits=(Exhibit("Large", np.zeros((900, 2600, 3), np.uint8)),)).html()
    found = re.search(r"base64,([^\"]+)", large)
    assert found
    assert Image.open(io.BytesIO(base64.b64decode(found[1]))).size == (1280, 443)


def test_parts_follow_with_a_tone_and_a_heading_of_their_own():
    part = dossier(title="Seal", verdict="Not sealed", tone="info", tables=(), exhibits=())
    html = dossier(parts=(part,)).body()
    assert "<h2>Fake</h2>" in html
    assert "<h3>Not sealed</h3>" in html
    assert 'class="dossier-part dossier-info"' in html
    first, again = (found.start() for found in re.finditer("Not sealed", html))
    assert first < html.index("The tag is missing"), "at a glance, before the reasons"
    assert html.index("Trained on few photos") < again, "and in full at the end"


def test_several_findings_can_share_one_page():
    html = page("Two files", dossier().body() + dossier(verdict="Likely real", tone="good").body())
    assert html.count("<article") == 2
    assert html.count("<html") == 1


def test_a_table_with_a_row_too_short_is_refused():
    with pytest.raises(ValueError, match="each row of 'Numbers' needs 2 cells"):
        Table("Numbers", ("What", "Value"), (("PSNR",),))
