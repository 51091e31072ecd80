"""Videos from analysis to check: who gets what, what stays, what happens when something fails.

People are discs of one colour here and engines small fakes that know them; ``test_video_real`` has faces.
"""

from __future__ import annotations

import json
from dataclasses import replace

import av
import numpy as np
import pytest

from deepmask import engines
from deepmask.errors import EngineFailed, InputError, MediaError, PlanError
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision
from deepmask.roster import Roster
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines import video
from pipelines.photo import PhotoOptions
from pipelines.video import VideoOptions, sharing
from tests.tiny.clips import make_clip, uneven
from tests.tiny.discs import MASKS, PEOPLE, Discs, Swapper, drawn
from tests.tiny.scenes import FINE, SIZE_WH, TICKS

FRAMES = 24


def _red(n):
    return 60 + 4.0 * n, 90 + 1.0 * n


def _blue(n):
    return 240 - 2.0 * n, 170.0


BOTH = {"red": _red, "blue": _blue}


def made(path, people=BOTH, frames=FRAMES, size_wh=SIZE_WH, **making):
    stamps = making.pop("stamps", [TICKS * n for n in range(frames)])
    making.setdefault("options", FINE)
    return Clip.open(make_clip(path, stamps, size_wh=size_wh, picture=lambda n: drawn(people, n, size_wh), **making))


@pytest.fixture
def film(tmp_path):
    return made(tmp_path / "film.mp4")


@pytest.fixture
def use(monkeypatch):
    """Engines that know discs; swappers can be replaced."""

    def replacing(**swappers):
        discs = Discs(**swappers)
        monkeypatch.setattr(engines, "load", discs.load)
        return discs

    replacing()
    return replacing


@pytest.fixture(autouse=True)
def _discs(use):
    """Always, unless a test says otherwise."""


@pytest.fixture
def vault(own_home):
    vault = Vault()
    portrait = np.full((8, 8, 3), 128, np.uint8)
    vault.add(Persona("", "Maya", "painter", portrait, 1, attributes=Attributes()))
    return vault


@pytest.fixture
def roster():
    """Anna is red and appears as Maya."""
    return Roster().enrolled("Anna", [np.array([0.79, 0.19, 0.19], np.float32)], "maya")


def middles(clip, walk):
    """The colour in the middle of a face, in every picture of it."""
    colours = []
    for picture in clip.pictures():
        if (at := walk(picture.index)) is not None:
            x, y = (round(v) for v in at)
            colours.append(picture.rgb[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3).mean(0))
    return np.array(colours)


def is_mask(colours, name):
    return bool((np.abs(colours - MASKS[name]).max(1) < 14).all())


def track_of(plan, walk, frame=FRAMES // 2):
    """The track that follows somebody."""
    x, y = walk(frame)
    for track in plan.tracks:
        box = track.box_at(frame)
        if box is not None and box[0] < x < box[2] and box[1] < y < box[3]:
            return track
    raise AssertionError(f"nobody follows {walk.__name__}")


# ------------------------------------------------------------------------------------------------------- who gets what
def test_an_enrolled_person_gets_the_persona_in_all_frames_and_others_are_anonymised(film, vault, roster, tmp_path):
    result = video.mask(film, vault, roster, tmp_path / "out.mp4")
    assert is_mask(middles(result.clip, _red), "painter")
    assert is_mask(middles(result.clip, _blue), "pixelate")
    assert track_of(result.plan, _red).identity == "confirmed"
    assert track_of(result.plan, _blue).identity == "unknown"
    assert result.report.safe
    assert [f.wanted for f in result.report.findings] == ["maya", "pixelate"]
    assert sum(f.engines["painter"] for f in result.report.findings if "painter" in f.engines) == FRAMES


def test_nobody_is_missed_between_two_looks(film, vault, use, tmp_path):
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4", VideoOptions(looks_per_second=2))
    looks = use().finder
    assert all(is_mask(middles(result.clip, walk), "pixelate") for walk in (_red, _blue))
    after = [looks.find(picture.rgb) for picture in result.clip.pictures()]
    assert after == [[]] * FRAMES


def test_somebody_is_covered_before_the_first_look_at_them_and_after_the_last(vault, tmp_path):
    def passing(n):
        return (150.0, 100.0) if 5 <= n <= 17 else None

    film = made(tmp_path / "film.mp4", {"red": passing})
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4", VideoOptions(looks_per_second=3))
    assert is_mask(middles(result.clip, passing), "pixelate")


def test_who_is_two_people_at_different_times_is_a_bystander(vault, roster, tmp_path):
    """Half of the samples are Anna, the others are Ben: nobody's persona is given."""
    both = roster.enrolled("Ben", [np.array([0.79, 0.19, 0.52], np.float32)], "maya")
    seen = Discs().recognizer.embed

    class Wavering:
        match_below, match_margin, hidden_above = 0.4, 0.07, 0.3
        asked = 0

        def embed(self, image, face):
            self.asked += 1
            return seen(image, face) + np.array([0, 0, 0.33 * (self.asked % 2)], np.float32)

    discs = Discs()
    discs.recognizer = Wavering()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "load", discs.load)
        plan = video.analyze(made(tmp_path / "film.mp4", {"red": _red}), both)
    (track,) = plan.tracks
    assert track.identity == "conflict"
    assert track.decision == Decision("pixelate")
    assert "conflict" in [span.doubt for span in track.doubts]


def test_keep_leaves_somebody_as_they_are_and_the_report_says_so(film, vault, tmp_path):
    plan = video.analyze(film, Roster())
    plan = plan.with_track(track_of(plan, _red).decided(Decision("keep")))
    result = video.deliver(film, plan, vault, tmp_path / "out.mp4")
    assert np.abs(middles(result.clip, _red) - middles(film, _red)).max() < 10
    assert is_mask(middles(result.clip, _blue), "pixelate")
    assert sorted(f.verdict for f in result.report.findings) == ["hidden", "kept"]


# --------------------------------------------------------------------------------------------------------- fail closed
class Failing:
    """Fails from the n-th call on."""

    needs_persona, needs_landmarks, min_size_px, max_yaw_degrees = False, False, 0.0, 180.0

    def __init__(self, name, after=0, error=None):
        self._works, self._after, self._error = Swapper(name), after, error or EngineFailed("it is tired")

    def swap(self, *arguments, **named):
        if self._works.calls >= self._after:
            raise self._error
        return self._works.swap(*arguments, **named)


def test_masks_that_always_fail_end_in_a_plain_shape(film, vault, use, tmp_path):
    use(**{name: Failing(name) for name in MASKS if name != "solid"})
    result = video.mask(
        film, vault, Roster(), tmp_path / "out.mp4", VideoOptions(PhotoOptions("Maya", finder="frames"))
    )
    assert all(is_mask(middles(result.clip, walk), "solid") for walk in (_red, _blue))
    assert result.report.safe
    assert all("it is tired" in f.note for f in result.report.findings)


@pytest.mark.parametrize("error", [EngineFailed("it is tired"), RuntimeError("CUDA error")], ids=["known", "unknown"])
def test_an_engine_that_fails_midway_is_followed_by_plainer_masks_from_there(film, vault, use, tmp_path, error):
    use(painter=Failing("painter", after=14, error=error))
    result = video.mask(
        film, vault, Roster(), tmp_path / "out.mp4", VideoOptions(PhotoOptions("Maya", finder="frames"))
    )
    assert not any(f.verdict == "leak" for f in result.report.findings)
    assert Discs().finder.find(list(result.clip.pictures())[-1].rgb) == []
    assert any("vector" in f.engines and f.note for f in result.report.findings)


def test_even_the_last_mask_may_fail(film, vault, use, tmp_path):
    use(**{name: Failing(name, error=MemoryError()) for name in MASKS})
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4")
    assert (np.abs(middles(result.clip, _red) - 127).max(1) < 10).all()
    assert {name for f in result.report.findings for name in f.engines} == {"rectangle"}


# ------------------------------------------------------------------------------------------------------ what must stay
def test_pixels_far_from_masks_differ_by_the_noise_of_coding_alone(film, vault, tmp_path):
    encoding = Encoding(".mp4", quality="better")
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4", encoding=encoding, provenance=False)
    for before, after in zip(film.pictures(), result.clip.pictures(), strict=True):
        covered = np.zeros(before.rgb.shape[:2], bool)
        for track in result.plan.at(before.index):
            x1, y1, x2, y2 = (round(v) for v in track.box_at(before.index))
            covered[max(y1 - 16, 0) : y2 + 16, max(x1 - 16, 0) : x2 + 16] = True
        off = np.abs(after.rgb.astype(int) - before.rgb)[~covered]
        assert off.mean() < 2
        assert np.percentile(off, 99.9) < 16


def packets(path):
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def test_sound_is_copied_to_the_bit_and_metadata_is_not(vault, tmp_path):
    film = made(tmp_path / "film.mp4", sounds=["eng"], subtitles="mov_text", chapters=True)
    assert b"secret" in film.path.read_bytes()
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4")
    assert packets(result.clip.path) == packets(film.path)
    assert not [
        word
        for word in (b"secret", b"+48.2", b"2020-01", b"Lavf", b"x264", b"film.mp4")
        if word in result.clip.path.read_bytes()
    ]
    with av.open(str(result.clip.path)) as file:
        assert len(file.chapters()) == 2
        assert [track.metadata.get("language") for track in file.streams.subtitles] == ["fra"]


def test_uneven_times_are_kept_to_the_tick(vault, tmp_path):
    film = made(tmp_path / "film.mp4", stamps=uneven(FRAMES))
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4")
    assert [p.time for p in result.clip.pictures()] == [p.time for p in film.pictures()]


def test_odd_sizes_get_a_repeated_row_and_column(vault, tmp_path):
    film = made(tmp_path / "film.mkv", size_wh=(201, 151), codec="ffv1", pixel_format="bgr0", options={})
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4")
    assert result.clip.size_wh == (202, 152)
    assert any("even sizes" in note for note in result.report.notes)
    assert result.report.safe


def test_an_animation_in_and_out(vault, tmp_path):
    from PIL import Image

    pictures = [Image.fromarray(drawn({"red": _red}, n)) for n in range(8)]
    pictures[0].save(tmp_path / "film.gif", save_all=True, append_images=pictures[1:], duration=[80, 120] * 4, loop=0)
    film = Clip.open(tmp_path / "film.gif")
    result = video.mask(film, vault, Roster(), tmp_path / "out.gif")
    assert is_mask(middles(result.clip, _red), "pixelate")
    with Image.open(tmp_path / "out.gif") as out:
        assert out.n_frames == 8
    assert [p.time for p in result.clip.pictures()] == [p.time for p in film.pictures()]


# --------------------------------------------------------------------------------------------------------------- plans
def test_a_plan_is_read_again_as_it_was_and_refused_for_another_video(film, vault, roster, tmp_path):
    plan = video.analyze(film, roster)
    plan.save(tmp_path / "plan.json")
    assert VideoPlan.load(tmp_path / "plan.json") == plan
    other = made(tmp_path / "other.mp4", {"red": _blue})
    with pytest.raises(PlanError, match="another video"):
        video.render(other, plan, vault, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_a_plan_is_edited(film, vault, tmp_path):
    class Blind:
        def find(self, image, *, progress=None):
            return []

    discs = Discs()
    with pytest.MonkeyPatch.context() as patch:
        seeing, discs.finder = discs.finder, Blind()
        patch.setattr(engines, "load", discs.load)
        plan = video.analyze(film, Roster())
    assert not plan.tracks
    plan = video.add_track(plan, 0, 10, (30, 60, 90, 120), Decision("solid"))
    plan = video.move_box(plan, "face-1", 10, (70, 70, 130, 130))
    plan = video.reach(plan, "face-1", 0, FRAMES - 1)
    plan = video.move_box(plan, "face-1", FRAMES - 1, (122, 83, 182, 143))
    masked = video.render(film, plan, vault, tmp_path / "out.mp4")
    assert is_mask(middles(masked.clip, _red), "solid")
    report = video.check(film, masked.clip, plan, masked.outcomes)
    missed = [f for f in report.findings if f.missed_box_xyxy is not None]
    assert len(missed) == 1, "the other one was never in the plan"
    assert report.leaks
    x1, y1, x2, y2 = missed[0].missed_box_xyxy
    assert x1 < _blue(0)[0] < x2
    assert y1 < _blue(0)[1] < y2
    assert missed[0].leaking == ((0, FRAMES - 1),)
    assert seeing.looks == 0
    with pytest.raises(PlanError, match="Frames 3 to 99"):
        video.reach(plan, "face-1", 3, 99)


def test_only_the_stretches_that_an_edit_touches_are_drawn_again(vault, monkeypatch, tmp_path, own_home):
    monkeypatch.setattr(sharing, "MOST_FRAMES", 8)

    def late(n):
        return (240.0, 60.0) if n >= 40 else None

    film = made(tmp_path / "film.mp4", {"red": lambda n: (60.0 + n, 90.0), "blue": late}, 48)
    plan = video.analyze(film, Roster())
    pieces = lambda: {path.name for path in own_home.glob("work/*/*.mp4")}  # noqa: E731
    video.render(film, plan, vault, tmp_path / "out.mp4")
    before = pieces()
    assert len(before) == 6
    video.render(film, plan, vault, tmp_path / "again.mp4")
    assert pieces() == before, "nothing is drawn twice"
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "out.mp4").read_bytes()
    track = track_of(plan, late, 45)
    assert 20 < track.first <= 40, "a little before as well"
    edited = plan.with_track(track.decided(Decision("solid")))
    masked = video.render(film, edited, vault, tmp_path / "edited.mp4")
    assert len(pieces() - before) == 6 - track.first // 8
    assert is_mask(middles(masked.clip, late), "solid")


# --------------------------------------------------------------------------------------------------------------- check
def test_the_check_finds_the_frames_in_which_the_original_is_seen(film, vault, tmp_path):
    result = video.mask(film, vault, Roster(), tmp_path / "out.mp4")
    leaky = list(result.clip.pictures())
    for before in film.pictures(9, 17):
        leaky[before.index] = before
    path = make_clip(
        tmp_path / "leaky.mp4",
        [TICKS * n for n in range(FRAMES)],
        size_wh=SIZE_WH,
        picture=lambda n: leaky[n].rgb,
        options=FINE,
    )
    report = video.check(film, Clip.open(path), result.plan, looks_per_second=12)
    assert report.leaks
    assert not report.safe
    assert [f.leaking for f in report.findings] == [((9, 16),), ((9, 16),)]
    assert video.check(film, result.clip, result.plan).safe


def test_the_check_refuses_what_is_no_version_of_the_video(film, tmp_path):
    shorter = made(tmp_path / "shorter.mp4", frames=8)
    with pytest.raises(InputError, match="is not a masked version"):
        video.check(film, shorter, video.analyze(film, Roster()))


def test_what_is_not_accepted_gets_no_name(film, vault, tmp_path, own_home):
    out = tmp_path / "out.mp4"
    result = video.mask(film, vault, Roster(), out, accept=lambda report: False)
    assert result.clip is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4"]
    assert not list(own_home.glob("work/*/.*"))


# ----------------------------------------------------------------------------------------------------------- bad input
def test_a_single_frame_is_a_video(vault, tmp_path):
    result = video.mask(made(tmp_path / "one.mp4", frames=1), vault, Roster(), tmp_path / "out.mp4")
    assert len(result.clip.timeline) == 1
    assert is_mask(middles(result.clip, _red), "pixelate")


def test_a_video_that_breaks_off_is_masked_as_far_as_it_goes(vault, tmp_path):
    film = made(tmp_path / "film.mkv", frames=FRAMES)
    (tmp_path / "torn.mkv").write_bytes(film.path.read_bytes()[: film.path.stat().st_size * 2 // 3])
    torn = Clip.open(tmp_path / "torn.mkv")
    result = video.mask(torn, vault, Roster(), tmp_path / "out.mp4")
    assert 1 < len(result.clip.timeline) < FRAMES
    assert result.report.safe


def _sound_only(path):
    from deepmask.media.sound_writing import SoundWriter

    with SoundWriter(path.with_suffix(".m4a"), 16_000, 1) as writer:
        writer.write(np.zeros((16_000, 1), np.float32))
    path.with_suffix(".m4a").rename(path)


def _no_pictures(path):
    make_clip(path, [])


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(bytes(5000)),
        lambda path: path.write_text("Dear Sir or Madam"),
        _sound_only,
        _no_pictures,
    ],
    ids=["empty", "zeros", "letter", "sound only", "no pictures"],
)
def test_what_is_no_video_is_one_sentence(make, tmp_path):
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(MediaError) as told:
        Clip.open(path).timeline  # noqa: B018
    assert str(told.value).endswith(".")
    assert "film.mp4" in str(told.value)


def test_a_damaged_plan_is_one_sentence(film, tmp_path):
    plan = video.analyze(film, Roster())
    data = json.loads(plan.to_json())
    data["tracks"][0]["keys"][0][0] = 9
    with pytest.raises(PlanError, match="key frames"):
        VideoPlan.from_json(json.dumps(data))
    with pytest.raises(PlanError, match="ends in frame"):
        replace(plan, frames=3)


def test_colours_of_people_and_masks_are_told_apart():
    """What the fakes promise."""
    discs = Discs()
    assert all(np.abs(np.subtract(a, b)).max() >= 60 for a in PEOPLE.values() for b in MASKS.values())
    assert len(discs.finder.find(drawn(BOTH, 0))) == 2
