"""The report as the app tells it: what is seen in the place of whom, and why."""

import numpy as np
import pytest

from deepmask.persona import Attestation, Attributes, Persona
from deepmask.report import Finding, Report
from deepmask.roster import Roster
from ui.choices import EVERYBODY, Known
from ui.panels.photo_view import FEW, PhotoView
from ui.session import Work

PORTRAIT = np.full((8, 8, 3), 127, np.uint8)
KIM = Persona("kim", "Kim", "import", PORTRAIT, attestation=Attestation("I may use it.", "2026-01-01T00:00:00+00:00"))
MAYA = Persona("maya", "Maya", "painter", PORTRAIT, attributes=Attributes())
KNOWN = Known((KIM, MAYA), Roster(), EVERYBODY + "kim")


@pytest.fixture
def told(tmp_path):
    """The report of findings, as HTML."""

    def tell(*findings: Finding) -> str:
        work = Work(tmp_path / "party.jpg", "party.jpg", 1, report=Report("party.jpg", findings, ("dlib",)))
        return PhotoView.report(work, KNOWN)

    return tell


def test_a_painted_face_is_not_passed_off_as_the_imported_portrait(told):
    words = told(
        Finding(
            "face-1", "kim", "painter", "hidden", 0.7,
            "painter instead, because the head is turned too far for meshwarp (37°).",
        )
    )  # fmt: skip
    assert "A painted face instead of Kim, because the head is turned too far for the fitted portrait (37°)." in words


def test_a_plainer_mask_is_not_passed_off_as_the_persona(told):
    words = told(Finding("face-1", "maya", "pixelate", "hidden", None, "pixelate instead, because painter failed."))
    assert "Large soft pixels instead of Maya, because the painter failed." in words


def test_the_report_of_a_crowd_is_folded_unless_somebody_needs_attention(told):
    crowd = [Finding(f"face-{n}", "maya", "painter", "hidden", 0.8) for n in range(FEW + 1)]
    assert "<details" in told(*crowd)
    assert " open>" not in told(*crowd)
    leak = Finding("face-9", "maya", "painter", "leak", 0.3)
    words = told(*crowd, leak)
    assert " open>" in words
    assert words.index("Recognisable") < words.index("Hidden")
