"""The endpoints for protecting and verifying, through the server and the embedded engines."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.config import Settings
from deepmask.signing import Keyring
from tests.tiny.clips import even, make_clip
from tests.ui.test_app import free_port
from ui.app import running


@pytest.fixture(scope="module")
def astronaut(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    Image.fromarray(data.astronaut()).save(path)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("home")))
        with running(Settings(port=free_port())) as url:
            yield url


@pytest.fixture
def client(server, tmp_path):
    from gradio_client import Client

    return Client(server, verbose=False, download_files=str(tmp_path))


def given(path):
    from gradio_client import handle_file

    return handle_file(str(path))


def pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def test_a_sealed_photo_is_verified_restored_and_told_to_be_changed(client, astronaut, tmp_path):
    sealed, report, page = client.predict(given(astronaut), ["faces"], api_name="/seal_photo")
    assert Path(sealed).name == "astronaut-sealed.png"
    assert report["restores"]
    assert report["authentication"] in Path(page).read_text("utf-8")
    assert not np.array_equal(pixels(sealed), data.astronaut())

    found, page = client.predict(given(sealed), api_name="/verify_photo")
    assert (found["verdict"], found["signer"]) == ("authentic", "you")
    assert "Authentic" in Path(page).read_text("utf-8")
    restored = client.predict(given(sealed), api_name="/restore_photo")
    np.testing.assert_array_equal(pixels(restored), data.astronaut())

    changed = tmp_path / "changed.png"
    rgb = pixels(sealed).copy()
    rgb[100:140, 200:250] = 0
    Image.fromarray(rgb).save(changed)
    found, _ = client.predict(given(changed), api_name="/verify_photo")
    assert found["verdict"] == "changed"
    assert all(x < 260 and x + w > 190 and y < 150 and y + h > 90 for x, y, w, h in found["changed_boxes"])
    with pytest.raises(Exception, match=r"changed\.png cannot be restored"):
        client.predict(given(changed), api_name="/restore_photo")


def test_a_tag_is_read_after_compression_with_what_its_record_says(client, astronaut, tmp_path):
    tagged, report, page = client.predict(given(astronaut), 2, False, api_name="/tag_photo")
    assert report["safe"]
    assert "JPEG 75" in Path(page).read_text("utf-8")
    small = tmp_path / "small.jpg"
    Image.open(tagged).resize((400, 400)).save(small, quality=75)
    found, _ = client.predict(given(small), api_name="/read_tag")
    assert found["tag_id"] == report["tag_id"]
    assert (found["standing"], found["fit"]) == ("yours", "fits")


def test_a_private_tag_is_read_by_its_owner_only(client, astronaut):
    tagged, report, _ = client.predict(given(astronaut), 2, True, api_name="/tag_photo")
    found, _ = client.predict(given(tagged), api_name="/read_tag")
    assert (found["tag_id"], found["key"]) == (report["tag_id"], "private")
    keys = Keyring().folder
    hidden = keys.rename(keys.with_name("away"))
    try:
        found, _ = client.predict(given(tagged), api_name="/read_tag")
    finally:
        hidden.rename(keys)
    assert found["tag_id"] == ""


def test_the_tag_of_a_video_is_read_from_a_frame_of_it(client, tmp_path):
    clip = make_clip(tmp_path / "still.mp4", even(6), size_wh=(512, 512), picture=lambda n: data.astronaut())
    tagged, report, _ = client.predict(given(clip), 2, False, api_name="/tag_video")
    assert Path(tagged).name == "still-tagged.mp4"
    found, _ = client.predict(given(tagged), api_name="/read_tag")
    assert found["tag_id"] == report["tag_id"]


def test_a_photo_is_filtered_and_cloaked_and_the_table_tells_what_that_is_worth(client, astronaut):
    cloaked, report, page = client.predict(
        given(astronaut), 2, "face", {"warmth": 0.4}, "auto", False, api_name="/cloak_photo"
    )
    assert report["filters"] == {"warmth": 0.4}
    assert {trial["version"] for trial in report["trials"]} == {"PNG", "JPEG 75", "half size"}
    assert any(trial["attacked"] for trial in report["trials"])
    assert any(not trial["attacked"] for trial in report["trials"])
    assert "never seen" in Path(page).read_text("utf-8")
    assert pixels(cloaked)[:60, :60, 2].mean() < data.astronaut()[:60, :60, 2].mean() - 5, "not warmer"


def test_a_photo_is_examined_in_one_go(client, astronaut, tmp_path):
    sealed, _, _ = client.predict(given(astronaut), [], api_name="/seal_photo")
    report, page = client.predict(given(sealed), None, api_name="/detect_photo")
    assert report["seal"]["verdict"] == "authentic"
    assert report["tag"]["tag_id"] == ""
    assert report["credentials"] is None
    assert report["detection"]["verdict"] == "likely real"
    html = Path(page).read_text("utf-8")
    assert "Heat map" in html
    assert html.count("dossier-part") >= 3

    faked = tmp_path / "faked.png"
    rgb = data.astronaut().copy()
    rgb[80:180, 180:270] = rgb[80:180, 180:270][::-1]
    Image.fromarray(rgb).save(faked)
    report, _ = client.predict(given(faked), given(astronaut), api_name="/detect_photo")
    assert report["detection"]["verdict"] == "fake"
    assert report["detection"]["reasons"][0]["kind"] == "original"


def test_a_video_is_examined(client, tmp_path):
    clip = make_clip(tmp_path / "still.mp4", even(6), size_wh=(512, 512), picture=lambda n: data.astronaut())
    report, page = client.predict(given(clip), api_name="/detect_video")
    assert report["seal"] is None
    assert report["detection"]["verdict"] in ("likely real", "unsure", "fake")
    assert len(report["detection"]["frames"]) == 6
    assert "Score over time" in Path(page).read_text("utf-8")


def test_errors_are_one_sentence(client, astronaut, tmp_path):
    text = tmp_path / "notes.png"
    text.write_text("not a picture")
    for name in ("/verify_photo", "/restore_photo", "/read_tag"):
        with pytest.raises(Exception, match=r"notes\.png"):
            client.predict(given(text), api_name=name)
    with pytest.raises(Exception, match="cannot be restored: Not sealed"):
        client.predict(given(astronaut), api_name="/restore_photo")
    with pytest.raises(Exception, match="More protection is for faces and people, not for cats"):
        client.predict(given(astronaut), ["cats"], api_name="/seal_photo")
    with pytest.raises(Exception, match="no filter named 'glow'"):
        client.predict(given(astronaut), 3, "face", {"glow": 1}, "auto", False, api_name="/cloak_photo")
    with pytest.raises(Exception, match="strength must be 1 to 5"):
        client.predict(given(astronaut), 9, "face", {}, "auto", False, api_name="/cloak_photo")
    with pytest.raises(Exception, match="Give a video"):
        client.predict(None, api_name="/detect_video")
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((300, 300, 3), 90, np.uint8)).save(blank)
    with pytest.raises(Exception, match="No face of at least"):
        client.predict(given(blank), 3, "face", {}, "auto", False, api_name="/cloak_photo")
