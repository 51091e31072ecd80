import numpy as np
import pytest

from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.persona import Attributes
from deepmask.vault import Vault
from pipelines import avatar

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
