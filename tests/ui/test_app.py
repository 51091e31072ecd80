"""The app's server: who may reach it, which files it serves, its endpoints, and what it leaves behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.config import Settings
from deepmask.errors import InputError
from ui.app import is_this_machine, running, serve

ENDPOINTS = {"/analyze", "/mask_photo", "/create_personas", "/keep_persona", "/vary_persona", "/personas",
             "/plan_bodies", "/mask_bodies", "/render_bodies", "/plan_video", "/mask_video", "/render_video",
             "/mask_voice", "/transcribe_voice", "/render_voice", "/seal_photo", "/verify_photo", "/restore_photo",
             "/tag_photo", "/tag_video", "/read_tag", "/cloak_photo", "/detect_photo", "/detect_video"}  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    """A file outside the app's folder."""
    path = tmp_path_factory.mktemp("private") / "secret.txt"
    path.write_text("nobody may read this")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("app-home")


@pytest.fixture(scope="module")
def server(home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(home))
        with running(Settings(port=free_port(), max_upload_mb=2)) as url:
            yield url.rstrip("/")


@pytest.fixture
def client(server, tmp_path):
    from gradio_client import Client

    return Client(server, verbose=False, download_files=str(tmp_path))


@pytest.fixture(scope="module")
def astronaut(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "astronaut.jpg"
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    Image.fromarray(data.astronaut()).save(path, quality=90, exif=exif)
    return path


# --------------------------------------------------------------------------------------------------- who may reach it
@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_a_host_others_can_reach_needs_a_password(host):
    with pytest.raises(InputError, match="DEEPMASK_PASSWORD"):
        serve(Settings(host=host), open_browser=False)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.9.9.9", True), ("0.0.0.0", False), ("", False)],
)
def test_only_loopback_counts_as_this_machine(host, local):
    assert is_this_machine(host) is local


def test_a_taken_port_is_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="--port"), running(Settings(port=taken.getsockname()[1])):
            pass


def test_with_a_password_nothing_is_told_to_strangers():
    with running(Settings(port=free_port()), password="correct horse") as url:
        assert httpx.get(f"{url}config").status_code == 401
        assert httpx.get(f"{url}gradio_api/info").status_code == 401
        wrong = httpx.post(f"{url}login", data={"username": "deepmask", "password": "guess"})
        assert wrong.status_code == 400
        with httpx.Client() as visitor:
            assert visitor.post(f"{url}login", data={"username": "deepmask", "password": "correct horse"}).is_success
            assert visitor.get(f"{url}config").is_success
            for elsewhere in ("http://evil.example", "null"):
                posted = visitor.post(
                    f"{url}gradio_api/call/personas", json={"data": []}, headers={"Origin": elsewhere}
                )
                assert posted.status_code == 403, "another web page acts with the visitor's cookie"


def test_another_name_for_this_machine_is_refused(server):
    port = server.rpartition(":")[2]
    assert httpx.get(server, headers={"Host": f"evil.example:{port}"}).status_code == 403
    assert httpx.get(server, headers={"Host": f"localhost:{port}"}).is_success


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:9", "null", "http://[broken"])
def test_other_web_pages_cannot_post_to_the_app(server, origin):
    upload = {"files": ("a.png", b"x")}
    assert httpx.post(f"{server}/gradio_api/upload", files=upload, headers={"Origin": origin}).status_code == 403
    assert httpx.post(f"{server}/gradio_api/upload", files=upload, headers={"Origin": server}).is_success


# ----------------------------------------------------------------------------------------------------- what is served
@pytest.mark.parametrize("route", ["/gradio_api/file=", "/gradio_api/file/", "/file="])
@pytest.mark.parametrize("form", ["{}", "..{}", "/tmp/../{}", "%2e%2e/%2e%2e{}", "{workspace}/../..{}", "~/../..{}"])
def test_files_outside_the_workspace_are_not_served(server, secret, route, form):
    path = form.format(str(secret), workspace=os.environ["GRADIO_TEMP_DIR"])
    answer = httpx.get(f"{server}{route}{path}")
    assert answer.status_code in (403, 404)
    assert "nobody may read this" not in answer.text


def test_vault_and_program_files_are_not_served(server, home):
    (home / "roster.json").write_text("{}")
    try:
        for path in (home / "roster.json", Path(__file__), Path(sys.prefix) / "pyvenv.cfg", Path("/etc/passwd")):
            assert httpx.get(f"{server}/gradio_api/file={path}").status_code == 403
    finally:
        (home / "roster.json").unlink()


def test_a_link_out_of_the_workspace_is_not_followed(server, secret):
    link = Path(os.environ["GRADIO_TEMP_DIR"]) / "link.txt"
    link.symlink_to(secret)
    assert httpx.get(f"{server}/gradio_api/file={link}").status_code == 403


def test_nothing_is_fetched_from_elsewhere_on_the_apps_behalf(server):
    for route in ("/gradio_api/file=http://example.org/", "/gradio_api/proxy=http://example.org/"):
        assert httpx.get(server + route).status_code == 403


@pytest.mark.parametrize("endpoint", ["analyze", "mask_photo"])
@pytest.mark.parametrize("meta", [{"meta": {"_type": "gradio.FileData"}}, {}], ids=["marked", "plain"])
def test_only_uploads_are_taken_for_photos(server, secret, monkeypatch, endpoint, meta):
    """Not a file of this machine, nor an address that the server would have to fetch."""
    fetched = []
    monkeypatch.setattr("safehttpx.get", lambda url, *_, **__: fetched.append(url))
    outside = f"{os.environ['GRADIO_TEMP_DIR']}/../{secret.parent.name}/{secret.name}"
    for path in (str(secret), outside, "/etc/passwd", "http://example.org/a.png", f"{server}/config"):
        call = f"{server}/gradio_api/call/{endpoint}"
        started = httpx.post(call, json={"data": [{"path": path, **meta}, "", "pixelate"]})
        answer = httpx.get(f"{call}/{started.json()['event_id']}", timeout=30)
        assert "event: error" in answer.text
        assert "nobody may read this" not in answer.text
    assert secret.is_file(), "uploads are moved, other files are not"
    assert fetched == []


def test_no_photo_at_all_is_one_sentence(client):
    with pytest.raises(Exception, match="Give a photo"):
        client.predict(None, "", "pixelate", api_name="/analyze")


def test_uploads_are_bounded_and_served_to_who_knows_their_name(server):
    small = httpx.post(f"{server}/gradio_api/upload", files={"files": ("a.png", b"x" * 1000)})
    assert httpx.get(f"{server}/gradio_api/file={small.json()[0]}").content == b"x" * 1000
    large = httpx.post(f"{server}/gradio_api/upload", files={"files": ("b.png", b"x" * 2_100_000)})
    assert large.status_code == 413


def test_the_page_may_load_nothing_from_other_hosts(server):
    page = httpx.get(server)
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy.replace("'self'", "")
    assert "fonts.googleapis" not in page.text
    assert page.headers["cache-control"] == "no-store"


# ---------------------------------------------------------------------------------------------------------- endpoints
def test_endpoints_have_clean_names_and_the_page_s_own_events_are_hidden(client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == ENDPOINTS


def test_mask_photo_hides_the_face_and_keeps_format_name_and_surroundings(client, astronaut):
    from gradio_client import handle_file

    masked, report = client.predict(handle_file(str(astronaut)), "", "pixelate", api_name="/mask_photo")
    assert Path(masked).name == "astronaut-masked.jpg"
    assert report["safe"] is True
    assert [f["verdict"] for f in report["findings"]] == ["hidden"]
    with Image.open(masked) as image:
        assert image.format == "JPEG"
        assert not dict(image.getexif())
        after = np.asarray(image.convert("RGB")).astype(int)
    before = np.asarray(Image.open(astronaut).convert("RGB")).astype(int)
    assert np.abs(after - before)[90:170, 190:260].mean() > 10
    assert np.abs(after - before)[350:].mean() < 3


def test_a_plan_is_given_without_changing_anything(client, astronaut):
    from gradio_client import handle_file

    plan = client.predict(handle_file(str(astronaut)), "", "solid", api_name="/analyze")
    assert [r["decision"]["action"] for r in plan["regions"]] == ["solid"]


def test_an_engine_can_be_asked_for_by_name(client, astronaut, tmp_path):
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    photo = handle_file(str(astronaut))
    look = {"detail_px": 512, "region": "head"}
    plan = client.predict(photo, "", "solid", "meshwarp", look, "fast", api_name="/analyze")
    assert plan["engines"] == {"face_swapper": "meshwarp", "face_finder": "fast"}
    assert plan["look"] == {"detail_px": 512, "restore": 0.0, "region": "head"}
    with pytest.raises(AppError, match="deepmask weights get buffalo_l inswapper_128"):
        client.predict(photo, "", "solid", "inswapper", api_name="/mask_photo")


def test_errors_are_one_sentence(client, astronaut, tmp_path):
    from gradio_client import handle_file

    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    with pytest.raises(Exception, match=r"notes\.jpg is not a picture"):
        client.predict(handle_file(str(text)), "", "pixelate", api_name="/mask_photo")
    with pytest.raises(Exception, match="no persona named 'Nobody'"):
        client.predict(handle_file(str(astronaut)), "Nobody", "pixelate", api_name="/mask_photo")


def test_personas_are_made_kept_and_given_over_rest(client, astronaut):
    from gradio_client import handle_file

    portraits, told = client.predict("bald man, zorkish", 3, 2, "illustrated", api_name="/create_personas")
    assert [t["seed"] for t in told] == [3, 4]
    assert told[0]["unknown"] == ["zorkish"]
    with Image.open(portraits[0]) as image:
        assert image.format == "PNG"
        assert image.size == (512, 512)
    kept = client.predict("bald man", 3, "illustrated", "Rest", api_name="/keep_persona")
    assert kept in client.predict(api_name="/personas")
    plan = client.predict(handle_file(str(astronaut)), "rest", "solid", api_name="/analyze")
    assert [r["decision"] for r in plan["regions"]] == [{"action": "persona", "persona": kept["id"]}]


def test_a_persona_is_varied_over_rest_and_wishes_are_checked(client):
    kept = client.predict("bald man", 4, "painter", "Vera", api_name="/keep_persona")
    pictures, told = client.predict(kept["name"], "clothing", "red hoodie", 0, 2, api_name="/vary_persona")
    assert [t["words"] for t in told] == ["red hoodie"], "words say all to a painter that goes by attributes"
    assert told[0]["same_person"]
    with Image.open(pictures[0]) as image:
        assert image.size == (512, 512)
    with pytest.raises(Exception, match="Unknown wishes speed"):
        client.predict("bald man", 3, 1, "painter", {"speed": 3}, api_name="/create_personas")
    with pytest.raises(Exception, match="There is no pose named 'upside-down'"):
        client.predict("bald man", 3, 1, "painter", {"pose": "upside-down"}, api_name="/create_personas")


# ----------------------------------------------------------------------------------------------- what it leaves behind
def test_all_files_are_gone_when_the_app_has_ended():
    with running(Settings(port=free_port())) as url:
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert folder.stat().st_mode & 0o777 == 0o700
        httpx.post(f"{url}gradio_api/upload", files={"files": ("a.png", b"x")})
        assert list(folder.iterdir())
    assert not folder.exists()


def test_a_terminated_app_removes_its_files(tmp_path):
    settings = f"Settings(port={free_port()})"
    start = f"from ui.app import serve; from deepmask.config import Settings; serve({settings}, open_browser=False)"
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    app = subprocess.Popen([sys.executable, "-c", start], env=environment, stdout=subprocess.PIPE, text=True)
    assert app.stdout is not None
    assert "Deepmask runs at" in app.stdout.readline()
    assert list(tmp_path.glob("deepmask-app-*"))
    app.terminate()
    app.wait(20)
    assert not list(tmp_path.glob("deepmask-app-*"))


def test_building_the_page_imports_nothing_heavy(tmp_path):
    code = (
        "import sys; from ui.app import build; from ui.session import Workspace; from deepmask.config import Settings\n"
        "build(Settings(), Workspace())\n"
        "heavy = {'torch', 'mediapipe', '_dlib_pybind11', 'dlib', 'numba', 'skia', 'onnxruntime', 'scipy', 'skimage'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr[-2000:]
