"""The endpoints for bodies, through the server and the embedded engines."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.config import Settings
from tests.ui.test_app import free_port
from ui.app import running


@pytest.fixture(scope="module")
def astronaut(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    Image.fromarray(data.astronaut()).save(path, exif=exif)
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


def test_bodies_are_masked(client, astronaut):
    from gradio_client import handle_file

    masked, report = client.predict(handle_file(str(astronaut)), "silhouette", "", api_name="/mask_bodies")
    assert Path(masked).name == "astronaut-masked.png"
    image = Image.open(masked)
    assert not image.getexif()
    assert report["safe"]
    assert report["findings"][0]["engine"] == "silhouette"
    assert (np.asarray(image) != data.astronaut()).any(2)[300:500, 150:300].mean() > 0.95


def test_a_plan_is_edited_and_carried_out(client, astronaut):
    from gradio_client import handle_file

    plan = client.predict(handle_file(str(astronaut)), "silhouette", "", api_name="/plan_bodies")
    assert [region["decision"]["action"] for region in plan["regions"]] == ["silhouette"]
    plan["regions"][0]["decision"]["action"] = "keep"
    masked, report = client.predict(handle_file(str(astronaut)), plan, api_name="/render_bodies")
    np.testing.assert_array_equal(np.asarray(Image.open(masked)), data.astronaut())
    assert report["findings"][0]["verdict"] == "kept"


def test_errors_are_one_sentence(client, astronaut, tmp_path):
    from gradio_client import handle_file

    text = tmp_path / "notes.png"
    text.write_text("not a picture")
    with pytest.raises(Exception, match=r"notes\.png"):
        client.predict(handle_file(str(text)), "silhouette", "", api_name="/mask_bodies")
    with pytest.raises(Exception, match="no persona named 'Nobody'"):
        client.predict(handle_file(str(astronaut)), "swap", "Nobody", api_name="/plan_bodies")
    with pytest.raises(Exception, match="not a Deepmask plan for the bodies of a photo"):
        client.predict(handle_file(str(astronaut)), {"a": 1}, api_name="/render_bodies")
    with pytest.raises(Exception, match="Give a photo"):
        client.predict(None, "silhouette", "", api_name="/plan_bodies")
