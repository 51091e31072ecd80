"""Masked photos say that they are masked: by a tag in the pixels and by content credentials, and of nobody who."""

import hashlib
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import data

from deepmask import engines, provenance
from deepmask.area import Area
from deepmask.body_plan import BodyDecision, BodyPlan, BodyRegion
from deepmask.content_credentials import Step
from deepmask.errors import DeepmaskError
from deepmask.look import Look
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision, Plan, Region
from deepmask.provenance import Mark, known_credentials
from deepmask.records import Ledger
from deepmask.roster import Roster
from deepmask.signing import Keyring
from deepmask.vault import Vault
from pipelines import photo
from pipelines.photo import Outcome, PhotoOptions
from pipelines.provenance import mark_photo, render_photo
from pipelines.provenance.steps import of_bodies, of_photo, of_voices
from pipelines.verify.reading import read_tag
from pipelines.voice import VoiceOutcome
from tests.tiny.marks import only_tagged

STEPS = (Step("Faces pixelated", agents=("pixelate",)),)


@pytest.fixture(scope="module")
def face():
    return np.ascontiguousarray(data.astronaut()[:340, 60:400])


@pytest.fixture
def source(face):
    return Photo.from_array(face, "anna-at-home.png")


@pytest.fixture
def vault(own_home):
    vault = Vault()
    portrait = np.full((8, 8, 3), 128, np.uint8)
    vault.add(Persona("", "Maya", "painter", portrait, 1, attributes=Attributes()))
    vault.add(Persona("", "Nora", "diffusion", portrait, 1))
    return vault


def plan_of(source, *regions):
    return Plan("photo", source.name, source.fingerprint, source.size_wh, regions)


def edited(source, level=90):
    """A photo with a grey box in its middle, as if a face was covered."""
    rgb = source.rgb.copy()
    rgb[60:160, 100:200] = level
    return source.edited(rgb)


def marked(source, suffix=".png", plan=None, **more):
    return mark_photo(source, edited(source), STEPS, (plan or plan_of(source)).to_json(), suffix, **more)


# ----------------------------------------------------------------------------------------------------------- the whole
@pytest.mark.parametrize("style", ["pixelate", "vector", "solid"])
def test_a_face_is_as_hidden_with_the_tag_as_without_and_all_the_rest_is_but_tagged(source, vault, style, tmp_path):
    plan = photo.analyze(source, Roster(), PhotoOptions(bystanders=style))
    bare = photo.render(source, plan, vault)
    marked, report = render_photo(source, plan, vault, ".png")
    plain = photo.check(source, bare.photo, plan, bare.outcomes)
    assert [f.verdict for f in report.findings] == [f.verdict for f in plain.findings]
    assert {f.verdict for f in report.findings} == {"hidden"}
    assert only_tagged(marked.photo.rgb, bare.photo.rgb)
    assert not np.array_equal(marked.photo.rgb, bare.photo.rgb)
    assert marked.psnr_db > 38
    (note,) = marked.save(tmp_path / "out.png")
    assert note.startswith("tagged and signed as a masked picture")
    assert np.array_equal(Photo.open(tmp_path / "out.png").rgb, marked.photo.rgb)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_tag_and_credentials_speak_of_one_number(source, suffix, tmp_path, own_home):
    out = tmp_path / f"out{suffix}"
    one = marked(source, suffix)
    one.save(out)
    told, read = known_credentials(out), read_tag(Photo.open(out), ledger=Ledger(), keys=Keyring().known()).report
    assert told is not None
    assert (told.yours, told.tag_id) == (True, one.mark.number)
    assert read.tag_id == f"{one.mark.number:016x}"
    record = Ledger().find(one.mark.number)
    assert record is not None
    assert record.what == "a masked photo"
    assert record.standing(Keyring().known())[0] == "yours"


def test_nothing_leads_from_the_output_to_the_original_or_its_people(source, vault, tmp_path, own_home):
    maya = vault.personas()[0]
    masked = edited(source)
    plan = plan_of(source, Region("face-1", (100, 60, 200, 160), Decision("persona", maya.id)))
    steps = of_photo(plan, [Outcome("face-1", "painter")], vault)
    mark_photo(source, masked, steps, plan.to_json(), ".jpg").save(tmp_path / "out.jpg")
    traces = ["anna", "at-home", maya.id, "Maya", source.fingerprint, source.fingerprint[:16], Keyring().own().key_id]
    kept = [(tmp_path / "out.jpg").read_bytes(), *(path.read_bytes() for path in own_home.glob("records/*"))]
    assert len(kept) == 2
    for trace in traces[:-1]:
        assert not [one for one in kept if trace.encode() in one or bytes(trace, "utf-16-le") in one], trace
    assert traces[-1].encode() not in kept[0], "the key of seals is not in outputs"
    number = mark_photo(source, masked, steps, plan.to_json(), ".jpg").mark.number
    for guess in (source.fingerprint, plan.to_json(), f"photo\0{source.fingerprint}"):
        assert int.from_bytes(hashlib.sha256(guess.encode()).digest()[:8], "big") != number


def test_the_same_work_gets_the_same_tag_whatever_the_file_is_called(source, face):
    renamed = Photo.from_array(face, "other.png")
    one, again = marked(source), marked(renamed, plan=plan_of(renamed))
    assert one.mark.number == again.mark.number
    assert np.array_equal(one.photo.rgb, again.photo.rgb)
    other = replace(plan_of(source), look=Look(512))
    assert marked(source, plan=other).mark.number != one.mark.number


def test_another_key_another_number(source, monkeypatch, tmp_path):
    one = marked(source).mark.number
    monkeypatch.setenv("DEEPMASK_HOME", str(tmp_path / "else"))
    assert marked(source).mark.number != one


# ----------------------------------------------------------------------------------------------------- what is missing
def test_a_locked_key_stops_nothing_and_the_record_is_told_to_be_unsigned(source, tmp_path, monkeypatch, own_home):
    ring = Keyring()
    ring.protect(ring.signer(), "a passphrase")
    one, out = marked(source), tmp_path / "out.png"
    notes = one.save(out)
    assert notes[0].startswith("tagged and signed")
    assert notes[1:] == ("the record of its tag is not signed, because the signing key is locked",)
    assert marked(source).mark.number == one.mark.number, "the same each time"
    assert (own_home / "keys" / "outputs.key").stat().st_mode & 0o077 == 0
    told = known_credentials(out)
    assert told is not None
    assert told.yours
    assert Ledger().find(one.mark.number).standing(ring.known())[0] == "unsigned"
    monkeypatch.setenv("DEEPMASK_KEY_PASSPHRASE", "a passphrase")
    assert marked(source).mark.number != one.mark.number
    assert marked(source).save(tmp_path / "signed.png")[1:] == ()


def test_keys_that_cannot_be_kept_stop_nothing(source, tmp_path, monkeypatch):
    def full(*_, **__):
        raise DeepmaskError("The disk is full; free some space and try again.")

    monkeypatch.setattr(provenance, "Keyring", full)
    one = marked(source)
    assert np.array_equal(one.photo.rgb, edited(source).rgb)
    assert one.save(tmp_path / "out.png") == (
        "neither tagged nor signed, because The disk is full; free some space and try again",
    )
    assert np.array_equal(Photo.open(tmp_path / "out.png").rgb, one.photo.rgb)


def test_what_holds_no_credentials_is_tagged_alone(source, tmp_path):
    (note,) = marked(source, ".bmp").save(tmp_path / "out.bmp")
    assert "not signed, because .bmp files hold no content credentials" in note
    assert read_tag(Photo.open(tmp_path / "out.bmp")).report.tag_id


@pytest.mark.parametrize("what", ["tiny", "white", "gif", "bilevel"])
def test_what_holds_no_tag_is_signed_alone_and_not_touched(what, source, tmp_path):
    suffix = ".gif" if what == "gif" else ".png"
    if what == "bilevel":
        Image.fromarray(source.rgb).convert("1").save(tmp_path / "in.png")
        source = Photo.open(tmp_path / "in.png")
    pictures = {"tiny": source.rgb[:50, :60].copy(), "white": np.full((300, 400, 3), 255, np.uint8)}
    source = Photo.from_array(pictures[what], "in.png") if what in pictures else source
    masked = source if what in pictures else edited(source, 0)
    one = mark_photo(source, masked, STEPS, plan_of(source).to_json(), suffix)
    assert np.array_equal(one.photo.rgb, masked.rgb)
    (note,) = one.save(tmp_path / f"out{suffix}")
    assert note.startswith("signed as a masked picture, not tagged, because ")
    told = known_credentials(tmp_path / f"out{suffix}")
    assert told is not None
    assert (told.state, told.tag_id) == ("intact", None)


def test_a_photo_in_which_nothing_was_done_is_not_marked(source, vault, tmp_path):
    keep = Region("face-1", (100, 60, 200, 160), Decision("keep"))
    for plan in (plan_of(source), plan_of(source, keep)):
        one, _ = render_photo(source, plan, vault, ".png")
        assert one.save(tmp_path / "out.png") == ()
        assert np.array_equal(Photo.open(tmp_path / "out.png").rgb, source.rgb)
        assert known_credentials(tmp_path / "out.png") is None


def test_who_wants_no_provenance_gets_none(source, tmp_path, monkeypatch, own_home):
    one = marked(source, wanted=False)
    assert one.save(tmp_path / "out.png") == ()
    assert np.array_equal(Photo.open(tmp_path / "out.png").rgb, edited(source).rgb)
    monkeypatch.setenv("DEEPMASK_PROVENANCE", "false")
    assert marked(source).mark is None
    assert marked(source, wanted=True).mark is not None
    assert not (own_home / "records").exists()


def test_sixteen_bits_keep_their_fine_steps_under_the_tag(tmp_path):
    rng = np.random.default_rng(2)
    fine = cv2.resize(data.astronaut()[:300, :400, ::-1], (400, 300)).astype(np.uint16) * 256
    fine += rng.integers(0, 256, fine.shape, dtype=np.uint16)
    for suffix in (".png", ".tif"):
        cv2.imwrite(str(tmp_path / f"in{suffix}"), fine)
        source = Photo.open(tmp_path / f"in{suffix}")
        one = marked(source, suffix)
        one.save(tmp_path / f"out{suffix}")
        out = cv2.imread(str(tmp_path / f"out{suffix}"), cv2.IMREAD_UNCHANGED)
        assert out.dtype == np.uint16
        covered = np.zeros(out.shape[:2], bool)
        covered[60:160, 100:200] = True
        assert np.array_equal(out[~covered] & 255, fine[~covered] & 255)
        assert np.array_equal((out >> 8)[..., ::-1], one.photo.rgb)
        assert len(np.unique(out[covered] & 255)) == 1, "no bit of what was there before"


def test_opacity_and_colour_profile_stay(face, tmp_path):
    rgba = np.dstack([face, np.linspace(0, 255, face.shape[1]).astype(np.uint8)[None].repeat(len(face), 0)])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(rgba).save(tmp_path / "in.png", icc_profile=profile)
    marked(Photo.open(tmp_path / "in.png")).save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as out:
        assert np.array_equal(np.asarray(out)[..., 3], rgba[..., 3])
        assert out.info["icc_profile"] == profile


# -------------------------------------------------------------------------------------------------------- what is told
def faces(vault, *drawn, look=None):
    regions = [Region(f"face-{n}", (0, 0, 9, 9), decision) for n, (_, decision) in enumerate(drawn)]
    outcomes = [Outcome(f"face-{n}", engine) for n, (engine, _) in enumerate(drawn)]
    plan = Plan("photo", "a.png", "f", (99, 99), tuple(regions), look=look or Look())
    return [(step.words, step.source, step.agents) for step in of_photo(plan, outcomes, vault)]


def test_how_a_face_was_made_is_told(vault):
    maya, nora = (persona.id for persona in vault.personas())
    replaced = "Faces replaced by generated ones"
    assert faces(vault, ("painter", Decision("persona", maya))) == [(replaced, "synthetic", ("painter",))]
    assert faces(vault, ("inswapper", Decision("persona", maya))) == [(replaced, "trained", ("inswapper",))]
    assert faces(vault, ("meshwarp", Decision("persona", nora))) == [(replaced, "trained", ("meshwarp",))]
    assert faces(vault, ("none", Decision("keep"))) == []
    several = [("pixelate", Decision("pixelate")), ("solid", Decision("pixelate")), ("pixelate", Decision("pixelate"))]
    assert faces(vault, *several) == [("Faces pixelated", "none", ("pixelate",)), ("Faces covered", "none", ("solid",))]


def test_how_people_and_things_were_hidden_is_told(vault, source):
    area = Area.of_box((10, 10, 60, 60), source.size_wh)
    regions = (
        BodyRegion("person-1", area, BodyDecision("remove")),
        BodyRegion("person-2", area, BodyDecision("swap")),
        BodyRegion("text-1", area, BodyDecision("pixelate"), "text"),
        BodyRegion("person-3", area, BodyDecision("keep")),
    )
    plan = BodyPlan(source.name, source.fingerprint, source.size_wh, plan_of(source), regions)
    drawn = [
        Outcome("person-1", "patchmatch"),
        Outcome("person-2", "diffusion_inpaint"),
        Outcome("text-1", "pixelate"),
        Outcome("person-3", "none"),
    ]
    assert [(step.words, step.source) for step in of_bodies(plan, drawn, (), vault)] == [
        ("People removed, what is behind made up", "synthetic"),
        ("People exchanged for generated ones", "trained"),
        ("Writing pixelated", "none"),
    ]


def test_how_a_voice_was_masked_is_told():
    told = of_voices(VoiceOutcome(name, engine) for name, engine in [("a", "world"), ("b", "espeak"), ("c", "none")])
    assert [(step.words, step.source) for step in told] == [
        ("Voices converted", "synthetic"),
        ("Words spoken anew by a generated voice", "synthetic"),
    ]
    (tortoise,) = of_voices([VoiceOutcome("a", "tortoise")])
    assert tortoise.source == "trained"


def test_every_engine_that_masks_is_spoken_of(vault):
    for row in engines.rows("face_swapper"):
        assert faces(vault, (row.name, Decision("pixelate"))), row.name


def test_all_who_need_the_secret_at_once_get_the_same(own_home, monkeypatch):
    keyring = Keyring()
    keyring.protect(keyring.signer(), "correct horse")
    drawn, start = secrets.token_bytes, threading.Barrier(4)

    def slowly(count):
        time.sleep(0.2)
        return drawn(count)

    def number(_):
        start.wait()
        return Mark.of("work").number

    monkeypatch.setattr(provenance.secrets, "token_bytes", slowly)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(number, range(4))) == {Mark.of("work").number}


def test_numbers_are_drawn_from_all_the_work():
    numbers = {Mark.of(*work).number for work in [("a", "b"), ("ab",), ("a", "b", ""), ("b", "a"), ("photo", "b")]}
    assert len(numbers) == 5
    assert Mark.of("a", "b").number == Mark.of("a", "b").number
