"""Tags of photos and videos: laid, tried, recorded; read, and told whether they were copied."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask.errors import EngineFailed, InputError
from deepmask.media import Photo
from deepmask.media.clip import Clip
from deepmask.media.original import Original
from deepmask.records import Ledger
from deepmask.signing import Keyring
from pipelines.protect.tagging import TagOptions, tag, tag_clip
from pipelines.protect.trying import jpeg, psnr_db, resized, ssim
from pipelines.verify.reading import read_clip_tag, read_tag
from tests.tiny.clips import even, make_clip

WHO = Photo.from_array(cv2.resize(data.astronaut(), (600, 600)).astype(np.uint8), "collins.png")


@pytest.fixture
def me():
    keyring = Keyring()
    return {"signer": keyring.signer(), "ledger": Ledger()}


def asked(me):
    return {**me, "keys": Keyring().known()}


def test_a_tag_is_tried_before_it_is_promised(me):
    tagged = tag(WHO, **me)
    report = tagged.report
    assert report.safe
    assert [trial.what for trial in report.trials] == ["as written", "JPEG 75", "JPEG 50", "half size"]
    assert 38 < report.psnr_db < 48
    assert 0.95 < report.ssim < 1
    assert report.psnr_db == pytest.approx(psnr_db(WHO.rgb, tagged.photo.rgb))
    assert report.signed
    assert f"{Ledger().find(int(report.tag_id, 16)).tag_id:016x}" == report.tag_id


def test_a_tag_is_read_with_its_record(me):
    report = tag(WHO, replace(TagOptions(), what="a portrait"), **me).report
    tagged = tag(WHO, TagOptions(tag_id=int(report.tag_id, 16)), **me).photo
    reading = read_tag(tagged, **asked(me))
    assert reading.report.safe
    assert (reading.report.tag_id, reading.report.key) == (report.tag_id, "public")
    assert (reading.report.standing, reading.report.fit) == ("yours", "fits")
    assert reading.report.intact_share > 0.99
    assert "Your tag" in reading.report.summary()


@pytest.mark.parametrize("happens", ["cropped", "smaller", "mirrored", "swapped"])
def test_the_picture_is_recognised_after_what_happened(me, happens):
    seen = tag(WHO, **me).photo.rgb
    if happens == "swapped":
        seen = seen.copy()
        seen[90:230, 200:330] = seen[440:580, 60:190]
    changed = {
        "cropped": lambda: np.ascontiguousarray(seen[60:500, 90:540]),
        "smaller": lambda: jpeg(resized(seen, 0.6), 75),
        "mirrored": lambda: np.ascontiguousarray(seen[:, ::-1]),
        "swapped": lambda: jpeg(seen, 80),
    }[happens]()
    report = read_tag(Photo.from_array(changed), **asked(me)).report
    assert report.fit == "fits"
    assert report.resized == pytest.approx(0.6 if happens == "smaller" else 1.0, abs=0.02)
    assert report.mirrored == (happens == "mirrored")
    assert report.shown_share == pytest.approx(0.55 if happens == "cropped" else 1.0, abs=0.02)


def test_a_copied_tag_is_told(me):
    """Who has the public key can lay any id into any picture."""
    tag_id = int(tag(WHO, **me).report.tag_id, 16)
    for other in (data.coffee(), data.chelsea(), data.rocket()):
        forged = tag(Photo.from_array(other), TagOptions(tag_id=tag_id)).photo
        reading = read_tag(forged, **asked(me))
        assert reading.report.fit == "other"
        assert not reading.report.safe
        assert reading.dossier().tone == "bad"
        assert "copied" in reading.report.verdict()


def test_a_record_that_was_tampered_with_is_told(me):
    tagged = tag(WHO, **me)
    path = next(Ledger().folder.glob("*.json"))
    path.write_text(path.read_text().replace("a photo", "a masked photo"))
    report = read_tag(tagged.photo, **asked(me)).report
    assert report.standing == "broken"
    assert not report.safe


def test_a_private_tag_is_read_by_its_owner_only(me, tmp_path):
    tagged = tag(WHO, TagOptions(private=True), **me).photo
    assert read_tag(tagged, **asked(me)).report.key == "private"
    assert not read_tag(tagged).report.found
    assert not read_tag(tagged, signer=Keyring(tmp_path).signer()).report.found
    with pytest.raises(InputError, match="signing key"):
        tag(WHO, TagOptions(private=True))


def test_a_locked_key_leaves_the_record_unsigned():
    report = tag(WHO, ledger=Ledger()).report
    assert report.recorded
    assert not report.signed
    assert any("not signed" in note for note in report.notes)
    assert read_tag(tag(WHO, TagOptions(tag_id=int(report.tag_id, 16))).photo, ledger=Ledger()).report.standing == (
        "unsigned"
    )


def test_a_picture_that_holds_tags_badly_gets_a_stronger_one(me):
    rng = np.random.default_rng(4)
    soft = cv2.GaussianBlur(rng.normal(120, 60, (300, 300, 3)), (0, 0), 12)
    flat = Photo.from_array(np.clip(soft, 0, 255).astype(np.uint8), "flat.png")
    report = tag(flat, TagOptions(strength=0.6), **me).report
    assert report.strength > 0.6
    assert report.safe


def test_what_cannot_hold_a_tag_is_a_sentence(me):
    with pytest.raises(EngineFailed, match="too small"):
        tag(Photo.from_array(WHO.rgb[:90, :200]), **me)
    noise = np.random.default_rng(5).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    with pytest.raises(EngineFailed, match="cannot be read"):
        tag(Photo.from_array(noise, "noise.png"), TagOptions(strength=0.5, strongest=0.5), **me)
    with pytest.raises(InputError, match="strength"):
        TagOptions(strength=0)
    with pytest.raises(InputError, match="64 bits"):
        TagOptions(tag_id=1 << 64)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png", ".tif"])
def test_files_of_all_kinds_carry_the_tag(me, tmp_path, suffix):
    report = tag(WHO, suffix=suffix, **me)
    report.photo.save(tmp_path / f"out{suffix}")
    assert read_tag(Photo.open(tmp_path / f"out{suffix}"), **asked(me)).report.tag_id == report.report.tag_id


def test_grey_pictures_stay_grey_and_black_and_white_ones_say_what_it_costs(me):
    grey = np.repeat(WHO.rgb[..., 1:2], 3, 2)
    assert tag(Photo(grey, "grey.png", Original(grey, grey=True)), **me).photo.is_grey
    page = np.where(np.stack([data.page()] * 3, -1) > 120, 255, 0).astype(np.uint8)
    page = np.tile(page, (2, 1, 1))
    report = tag(Photo(page, "page.png", Original(page, bilevel=True, grey=True)), TagOptions(strength=4), **me).report
    assert any("grey now" in note for note in report.notes)


def test_a_second_tag_says_that_there_was_one(me):
    first = tag(WHO, **me)
    again = tag(first.photo, TagOptions(strength=4), **me)
    assert any("already" in note for note in again.report.notes)


def masked(tmp_path, suffix):
    """A photo as it leaves the masking pipelines, with a tag and content credentials, and its record."""
    from deepmask.content_credentials import Step
    from pipelines.provenance import mark_photo

    steps = (Step("Faces replaced by drawn ones", "synthetic"),)
    mark_photo(WHO, WHO.edited(WHO.rgb.copy()), steps, "{}", suffix).save(tmp_path / f"masked{suffix}")
    return tmp_path / f"masked{suffix}"


def test_a_masked_photo_stays_one_when_it_is_tagged(me, tmp_path):
    path = masked(tmp_path, ".png")
    again = tag(Photo.open(path), **me)
    assert any("a masked photo" in note for note in again.report.notes)
    read = read_tag(again.photo, **asked(me)).report
    assert (read.tag_id, read.what, read.made_up) == (again.report.tag_id, "a masked photo", True)
    third = tag(again.photo, TagOptions(private=True), **me).report
    assert Ledger().find(int(third.tag_id, 16)).what == "a masked photo"


def test_content_credentials_are_heeded_where_the_tag_is_gone(me, tmp_path):
    from deepmask.content_credentials import Claim, Identity, Step, sign

    WHO.save(tmp_path / "plain.jpg")
    sign(tmp_path / "plain.jpg", tmp_path / "ai.jpg", Claim((Step("Drawn", "trained"),)), Identity(b"k" * 32, 7))
    report = tag(Photo.open(tmp_path / "ai.jpg"), path=tmp_path / "ai.jpg", **me).report
    assert Ledger().find(int(report.tag_id, 16)).what == "a made-up photo"
    assert any("content credentials" in note for note in report.notes)


def test_the_tag_of_somebody_else_leaves_it_open_what_a_photo_shows(me, tmp_path):
    theirs = tag(WHO).photo
    report = tag(theirs, replace(TagOptions(), what="a portrait"), **me).report
    assert Ledger().find(int(report.tag_id, 16)).what == "a portrait that was tagged before by somebody else"
    mine = tag(WHO, **me).photo
    assert Ledger().find(int(tag(mine, **me).report.tag_id, 16)).what == "a photo"


def test_the_dossier_shows_where_the_tag_is_missing(me):
    seen = tag(WHO, **me).photo.rgb.copy()
    seen[90:260, 190:340] = cv2.GaussianBlur(WHO.rgb, (0, 0), 3)[90:260, 190:340]
    dossier = read_tag(Photo.from_array(seen, "party.png"), **asked(me)).dossier()
    shown = dossier.exhibits[0].image.astype(int)
    redness = shown[..., 0] - shown[..., 1:].mean(-1)
    assert redness[130:220, 230:300].mean() > 60 + redness[400:, 100:500].mean()
    assert "missing" in dossier.reasons[1]
    assert read_tag(WHO).dossier().verdict == "No tag"


def test_ssim_is_that_of_the_textbook():
    from skimage.metrics import structural_similarity

    grey = cv2.cvtColor(WHO.rgb, cv2.COLOR_RGB2GRAY)
    noisy = np.clip(grey + np.random.default_rng(0).normal(0, 9, grey.shape), 0, 255).astype(np.uint8)
    usual = structural_similarity(grey, noisy, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    assert ssim(np.stack([grey] * 3, -1), np.stack([noisy] * 3, -1)) == pytest.approx(usual, abs=0.006)


# ------------------------------------------------------------------------------------------------------------- videos
def moving(number):
    left = 3 * number
    return np.ascontiguousarray(cv2.resize(data.astronaut(), (560, 560))[60:300, left : left + 320]).astype(np.uint8)


@pytest.fixture
def film(tmp_path):
    return Clip.open(make_clip(tmp_path / "film.mp4", even(20), picture=moving, size_wh=(320, 240)))


def test_a_video_is_tagged_in_every_picture(film, me, tmp_path):
    report = tag_clip(film, tmp_path / "out.mp4", **me)
    assert report.trials[0].read
    out = Clip.open(tmp_path / "out.mp4")
    assert len(out.timeline) == 20
    reading = read_clip_tag(out, **asked(me))
    assert reading.report.tag_id == report.tag_id
    assert (reading.report.standing, reading.report.fit) == ("yours", "fits")
    assert reading.report.intact_share > 0.9
    assert reading.frames[0].intact_share > 0.9
    assert reading.dossier().exhibits


def cutting(number):
    """Another scene every third picture."""
    scene = (data.astronaut(), data.coffee(), data.chelsea(), data.rocket())[number // 3 % 4]
    return np.ascontiguousarray(cv2.resize(scene[:, number : number + 400], (320, 240))).astype(np.uint8)


def test_the_tag_of_a_video_on_something_else_is_told(film, me, tmp_path):
    tag_id = int(tag_clip(film, tmp_path / "out.mp4", **me).tag_id, 16)
    photo = tag(Photo.from_array(data.coffee()), TagOptions(tag_id=tag_id)).photo
    other = Clip.open(make_clip(tmp_path / "other.mp4", even(8), picture=cutting, size_wh=(320, 240)))
    tag_clip(other, tmp_path / "forged.mp4", TagOptions(tag_id=tag_id))
    for report in (
        read_tag(photo, **asked(me)).report,
        read_clip_tag(Clip.open(tmp_path / "forged.mp4"), **asked(me)).report,
    ):
        assert (report.fit, report.safe) == ("other", False)
        assert "copied" in report.verdict()


def test_any_picture_and_any_piece_of_a_video_is_recognised(me, tmp_path):
    film = Clip.open(make_clip(tmp_path / "cuts.mp4", even(24), picture=cutting, size_wh=(320, 240)))
    tag_clip(film, tmp_path / "out.mp4", **me)
    record = next(Ledger().all())
    assert len(record.likenesses) <= 10, "what is known already is not remembered again"
    pictures = list(Clip.open(tmp_path / "out.mp4").pictures())[1::5]
    read = [read_tag(Photo.from_array(jpeg(picture.rgb, 90)), **asked(me)).report for picture in pictures]
    assert {report.fit for report in read if report.found} == {"fits"}
    assert sum(report.found for report in read) >= 3


def test_a_masked_video_stays_one_when_it_is_tagged(film, me, tmp_path):
    first = tag_clip(film, tmp_path / "one.mp4", replace(TagOptions(), what="a masked video"), **me)
    report = tag_clip(Clip.open(tmp_path / "one.mp4"), tmp_path / "two.mp4", TagOptions(strength=4), **me)
    assert Ledger().find(int(report.tag_id, 16)).what == "a masked video"
    assert any(first.tag_id[:4] in note for note in report.notes)
    assert read_clip_tag(Clip.open(tmp_path / "two.mp4"), **asked(me)).report.made_up


def test_half_a_video_that_was_exchanged_does_not_fit_as_a_whole(film, me, tmp_path):
    tag_id = int(tag_clip(film, tmp_path / "out.mp4", **me).tag_id, 16)
    half = lambda number: moving(number) if number % 2 else cutting(3)  # noqa: E731
    mixed = Clip.open(make_clip(tmp_path / "mixed.mp4", even(12), picture=half, size_wh=(320, 240)))
    tag_clip(mixed, tmp_path / "forged.mp4", TagOptions(tag_id=tag_id))
    assert read_clip_tag(Clip.open(tmp_path / "forged.mp4"), **asked(me)).report.fit != "fits"


def test_of_a_long_video_with_many_scenes_some_are_remembered():
    from pipelines import tag_likeness

    memory, rng = tag_likeness.Memory(), np.random.default_rng(3)
    for _ in range(2 * tag_likeness._MOST + 5):
        memory.see(cv2.resize(rng.integers(0, 256, (16, 16, 3), np.uint8), (64, 64), interpolation=cv2.INTER_NEAREST))
    assert tag_likeness._MOST / 2 <= len(memory.likenesses) <= tag_likeness._MOST


def test_a_black_picture_fits_nothing_and_contradicts_nothing(film, me, tmp_path):
    tag_id = int(tag_clip(film, tmp_path / "out.mp4", **me).tag_id, 16)
    dark = np.random.default_rng(1).integers(20, 26, (240, 320, 3)).astype(np.uint8)
    report = read_tag(tag(Photo.from_array(dark), TagOptions(tag_id=tag_id)).photo, **asked(me)).report
    assert (report.fit, report.agreement) == ("unsure", None)


def test_a_video_without_a_tag_has_none(film):
    assert not read_clip_tag(film).report.found


def test_a_video_too_small_for_a_tag_is_a_sentence(me, tmp_path):
    tiny = Clip.open(make_clip(tmp_path / "tiny.mp4", even(3)))
    with pytest.raises(EngineFailed, match="too small"):
        tag_clip(tiny, tmp_path / "out.mp4", **me)
    assert not (tmp_path / "out.mp4").exists()
    assert list(Ledger().all()) == []
