import numpy as np
import pytest
from skimage import data

from deepmask.errors import Cancelled, EngineFailed, InputError
from deepmask.face_pose import FacePose
from deepmask.media import Photo
from deepmask.persona import Attributes
from deepmask.vault import Vault
from deepmask.wishes import Wishes
from pipelines import avatar
from tests.tiny import words

SMALL = avatar.AvatarOptions(count=2, size_px=160)


@pytest.fixture(scope="module")
def drafts():
    return avatar.create("a young woman with red hair and a blorbl", 3, SMALL)


def test_a_prompt_gives_different_people_of_consecutive_seeds(drafts):
    assert [d.seed for d in drafts] == [3, 4]
    assert drafts[0].portrait.shape == (160, 160, 3)
    assert np.abs(drafts[0].portrait.astype(int) - drafts[1].portrait).mean() > 2
    assert drafts[0].attributes.gender == "female"
    assert drafts[0].unknown == ("blorbl",)


def test_redrawing_changes_what_was_asked_and_style(drafts):
    older = avatar.redraw(drafts[0], drafts[0].attributes.changed(hair_colour="#2040d0"), size_px=160)
    assert older.seed == drafts[0].seed
    assert (older.portrait != drafts[0].portrait).any()
    flat = avatar.redraw(drafts[0], engine="illustrated", size_px=160)
    assert flat.engine == "illustrated"


def test_a_kept_persona_can_be_painted_again_bit_for_bit(drafts, tmp_path):
    vault = Vault(tmp_path)
    avatar.keep(drafts[1], "Rosa", vault)
    kept = vault.persona("Rosa")
    assert isinstance(kept.attributes, Attributes)
    again = avatar.create(kept.prompt, kept.seed, avatar.AvatarOptions(count=1, size_px=160))[0]
    assert np.array_equal(again.portrait, kept.portrait)


def test_importing_a_portrait_needs_the_users_word_and_a_face(drafts, tmp_path):
    vault = Vault(tmp_path)
    wall = Photo.from_array(np.full((300, 300, 3), 180, np.uint8), "wall.png")
    with pytest.raises(InputError, match="your word"):
        avatar.import_portrait(wall, "Wall", vault, attested=False)
    with pytest.raises(InputError):
        avatar.import_portrait(wall, "Wall", vault, attested=True)
    assert vault.personas() == []
    portrait = avatar.redraw(drafts[0], drafts[0].attributes.changed(mood="neutral", glasses="none"), size_px=512)
    kept = avatar.import_portrait(Photo.from_array(portrait.portrait, "p.png"), "Ida", vault, attested=True)
    assert kept.attestation is not None
    assert kept.attestation.statement == avatar.ATTESTATION
    assert vault.persona("Ida").attributes is None


@pytest.mark.parametrize("options", [{"count": 0}, {"count": 65}, {"size_px": 9}])
def test_options_are_checked(options):
    with pytest.raises(InputError, match="must lie between"):
        avatar.AvatarOptions(**options)


def test_seeds_are_checked():
    with pytest.raises(InputError, match="seed"):
        avatar.create("", -1)


# ----------------------------------------------------------------------------------------- painters that follow words
@pytest.fixture
def worded(monkeypatch):
    """Options for a painter that follows words."""
    words.install(monkeypatch)
    return avatar.AvatarOptions("diffusion", 2, 160, Wishes(negative="hat", steps=4, pose=FacePose.template("front")))


def test_wishes_reach_the_painter_with_the_words_as_typed_and_are_kept(worded, tmp_path):
    first, second = avatar.create("Zoë, a blorbl woman", 3, worded)
    assert first.wishes == Wishes("Zoë, a blorbl woman", "hat", 4, pose=FacePose.template("front"))
    assert first.unknown == (), "it follows any words"
    assert first.recipe == {"model": "words", "steps": "4"}
    assert not np.array_equal(first.portrait, second.portrait)
    again = avatar.create("Zoë, a blorbl woman", 3, worded)[0]
    assert np.array_equal(first.portrait, again.portrait)
    vault = Vault(tmp_path)
    avatar.keep(first, "Zoë", vault)
    kept = vault.persona("Zoë")
    assert (kept.wishes, kept.recipe, kept.engine, kept.seed) == (first.wishes, first.recipe, "diffusion", 3)


def test_painters_that_go_by_attributes_keep_no_wishes(drafts):
    assert drafts[0].wishes is None
    assert set(drafts[0].recipe) == {"deepmask"}


def test_previews_arrive_in_order_and_progress_only_grows(worded):
    seen, fractions, told = [], [], []

    def progress(fraction, message):
        fractions.append(fraction)
        told.append(message)

    avatar.create("bald man", 3, worded, progress=progress, preview=lambda image: seen.append(image.shape[0]))
    assert seen == [5, 10, 15, 20] * 2, "ever sharper, one portrait after the other"
    assert fractions == sorted(fractions)
    assert "Picture 2 of 2: step 3 of 4" in told


def test_who_stops_in_the_middle_keeps_what_is_finished(worded):
    def progress(fraction, message):
        if fraction > 0.7:
            raise Cancelled("Stopped.")

    drafts = avatar.drafts("bald man", 3, worded, progress=progress)
    assert next(drafts).seed == 3
    with pytest.raises(Cancelled):
        next(drafts)


def test_a_portrait_that_may_not_be_shown_is_told_and_the_others_are_painted(worded):
    refused = []
    drafts = avatar.drafts(f"{words.REFUSED_WORD} man", 3, worded, refused=lambda seed, error: refused.append(seed))
    assert [d.seed for d in drafts] == [4]
    assert refused == [3]
    with pytest.raises(EngineFailed, match="safety checker"):
        avatar.create(f"{words.REFUSED_WORD} man", 3, worded)


def test_changed_attributes_outdo_the_words_when_a_draft_is_painted_again(worded):
    draft = avatar.create("bald man", 3, worded)[0]
    changed = avatar.redraw(draft, draft.attributes.changed(beard="full"), size_px=160)
    assert changed.wishes.prompt == ""
    assert changed.wishes.negative == "hat"
    same = avatar.redraw(draft, size_px=160)
    assert np.array_equal(same.portrait, draft.portrait)
    painted = avatar.redraw(draft, engine="painter", size_px=160)
    assert painted.wishes is None


def test_a_first_persona_never_waits_for_a_slow_painter(monkeypatch, tmp_path):
    words.install(monkeypatch)
    assert avatar.starter(Vault(tmp_path)).engine == "painter"


def test_the_pose_of_a_photo_needs_one_face():
    face = data.astronaut()[:240, 110:350]
    pose = avatar.pose_of(Photo.from_array(np.ascontiguousarray(face), "selfie.png"))
    assert pose.name == "photo", "not the name of the file"
    assert 0 < np.nanmin(pose.points) < np.nanmax(pose.points) < 1
    eyes = pose.points[36:48, 1].mean()
    assert eyes < pose.points[48:60, 1].mean(), "the mouth lies below the eyes"
    with pytest.raises(InputError, match=r"No face was found in wall\.png"):
        avatar.pose_of(Photo.from_array(np.full((200, 200, 3), 180, np.uint8), "wall.png"))
    two = np.concatenate([face, face], axis=1)
    with pytest.raises(InputError, match=r"two\.png shows 2 faces"):
        avatar.pose_of(Photo.from_array(np.ascontiguousarray(two), "two.png"))
