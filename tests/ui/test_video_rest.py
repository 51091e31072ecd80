"""The endpoints for videos, through the server and the embedded engines."""

from pathlib import Path

import numpy as np
import pytest

from deepmask.config import Settings
from deepmask.media.clip import Clip
from tests.tiny.scenes import Cast, scene
from tests.ui.test_app import free_port
from ui.app import running

FRAMES = 10


def walk(n):
    return 120 + 6.0 * n, 120.0


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return scene(tmp_path_factory.mktemp("film") / "walk.mp4", [Cast("astronaut", walk, 150)], FRAMES)


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


def changed(before, after, frame=5):
    x, y = (round(v) for v in walk(frame))
    a, b = (
        next(Clip.open(Path(path)).pictures(frame, frame + 1)).rgb[y - 25 : y + 25, x - 20 : x + 20].astype(float)
        for path in (before, after)
    )
    return np.abs(a - b).mean()


def test_a_video_is_masked(client, source):
    from gradio_client import handle_file

    masked, report = client.predict(
        handle_file(str(source)), "", "solid", "auto", None, "frames", "", "small", api_name="/mask_video"
    )
    assert Path(masked).name == "walk-masked.mp4"
    assert len(Clip.open(Path(masked)).timeline) == FRAMES
    assert changed(source, masked) > 25
    assert [finding["wanted"] for finding in report["findings"]] == ["solid"]
    assert report["safe"]


def test_a_plan_is_made_edited_and_carried_out(client, source):
    from gradio_client import handle_file

    plan = client.predict(handle_file(str(source)), "", "pixelate", "auto", None, "frames", "", api_name="/plan_video")
    assert plan["medium"] == "video"
    assert len(plan["tracks"]) == 1
    assert plan["bodies"] is None
    plan["tracks"][0]["decision"] = {"action": "keep", "persona": None}
    masked, report = client.predict(handle_file(str(source)), plan, "better", api_name="/render_video")
    assert changed(source, masked) < 8
    assert report["findings"][0]["verdict"] == "kept"


def test_whole_people_are_covered_by_request(client, source):
    from gradio_client import handle_file

    asked = (handle_file(str(source)), "", "solid", "auto", None, "frames", "")
    plan = client.predict(*asked, "pixelate", api_name="/plan_video")
    assert (plan["bodies"], plan["tracks"][0]["body"]) == ("pixelate", "pixelate")
    masked, report = client.predict(*asked, "small", False, "silhouette", api_name="/mask_video")
    assert changed(source, masked) > 25
    assert {finding["wanted"] for finding in report["bodies"]} == {"silhouette"}
    with pytest.raises(Exception, match="in photos only"):
        client.predict(*asked, "remove", api_name="/plan_video")


def test_errors_are_one_sentence(client, source, tmp_path):
    from gradio_client import handle_file

    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    asked = ["", "solid", "auto", None, "frames"]
    with pytest.raises(Exception, match=r"notes\.mp4"):
        client.predict(handle_file(str(text)), *asked, "", api_name="/plan_video")
    with pytest.raises(Exception, match="no persona named 'Nobody'"):
        client.predict(handle_file(str(source)), "Nobody", *asked[1:], "", api_name="/plan_video")
    with pytest.raises(Exception, match="not a Deepmask plan for a video"):
        client.predict(handle_file(str(source)), {"a": 1}, "good", api_name="/render_video")
    with pytest.raises(Exception, match="Give a video"):
        client.predict(None, *asked, "", api_name="/plan_video")
