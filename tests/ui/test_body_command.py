"""``deepmask body`` as a user types it, with the embedded engines."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.body_plan import BodyPlan
from deepmask.persona import Attributes, Persona
from deepmask.provenance import known_credentials
from deepmask.vault import Vault
from tests.tiny.marks import only_tagged
from ui.cli import main


@pytest.fixture(scope="module")
def astronaut():
    """A woman from the waist up, at a size that is looked at quickly."""
    return np.asarray(Image.fromarray(data.astronaut()[:400, 60:420]).resize((252, 280), Image.Resampling.LANCZOS))


@pytest.fixture
def photo(tmp_path, astronaut):
    path = tmp_path / "astronaut.png"
    Image.fromarray(astronaut).save(path)
    return path


@pytest.fixture
def run(capfd):
    """The command; gives its exit code, stdout and stderr."""

    def run(*arguments):
        capfd.readouterr()
        code = main(["body", *map(str, arguments)])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def planned(tmp_path_factory, astronaut):
    """A plan that removes nobody, made once."""
    folder = tmp_path_factory.mktemp("planned")
    Image.fromarray(astronaut).save(folder / "astronaut.png")
    assert main(["body", "plan", str(folder / "astronaut.png"), "-o", str(folder / "plan.json")]) == 0
    return folder / "plan.json"


def _rgb(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_a_photo_is_masked_with_a_report_and_a_sheet(run, photo, astronaut, tmp_path):
    out, report, sheet = tmp_path / "out.png", tmp_path / "report.json", tmp_path / "sheet.png"
    code, said, error = run(photo, "-o", out, "--report", report, "--before-after", sheet, "--no-provenance")
    assert (code, error) == (0, "")
    assert f"{photo} → {out}" in said
    assert "1 region: 1 hidden. 1 face: 1 hidden." in said
    (entry,) = json.loads(report.read_text())
    assert (entry["output"], entry["safe"], entry["findings"][0]["engine"]) == (str(out), True, "silhouette")
    changed = (_rgb(out) != astronaut).any(2)
    assert 0.2 < changed.mean() < 0.8
    side_by_side = _rgb(sheet)
    assert np.array_equal(side_by_side[:, : astronaut.shape[1]], astronaut)
    assert np.array_equal(side_by_side[:, -astronaut.shape[1] :], _rgb(out))
    code, _, error = run(photo, "-o", out)
    assert code == 2
    assert "--overwrite" in error
    code, said, _ = run(photo, "-o", tmp_path / "signed.png")
    assert code == 0
    assert "Tagged and signed as a masked picture" in said
    assert only_tagged(_rgb(tmp_path / "signed.png"), _rgb(out))
    assert "People covered" in known_credentials(tmp_path / "signed.png").summary()


def test_a_plan_is_edited_rendered_and_checked(run, photo, planned, tmp_path):
    plan, out = tmp_path / "plan.json", tmp_path / "out.jpg"
    edited = json.loads(planned.read_text())
    assert [r["decision"]["action"] for r in edited["regions"]] == ["silhouette"]
    edited["regions"][0]["decision"]["action"] = "pixelate"
    plan.write_text(json.dumps(edited))
    code, said, _ = run("render", photo, "--plan", plan, "-o", out, "--json")
    assert code == 0
    assert json.loads(said)[0]["findings"][0]["engine"] == "pixelate"
    code, said, _ = run("check", photo, out, "--plan", plan)
    assert code == 0
    assert "person-1, face-1: hidden." in said
    code, said, _ = run("check", photo, photo, "--plan", plan)
    assert code == 3
    assert "person-1: leak. 100% of it is as it was" in said
    assert "face-1: leak. the face was not changed" in said


def test_what_is_pointed_at_stands_in_the_plan(run, photo, tmp_path):
    pointed = ("--click", "115,250=keep", "--box", "5,5,60,40=pixelate", "--prompt", "red coat")
    code, said, _ = run("plan", photo, "-o", tmp_path / "plan.json", *pointed, "--grow", "5", "--shadows", "--seed", 3)
    assert code == 0
    assert "1 person, 1 box, 1 face" in said
    plan = BodyPlan.load(tmp_path / "plan.json")
    person, box = plan.regions
    assert (person.decision.action, box.decision.action, box.area.pixels) == ("keep", "pixelate", 55 * 35)
    assert (plan.edges.grow_px, plan.edges.shadows, plan.seed) == (5, True, 3)


def test_everybody_gets_a_persona_on_their_own_body(run, photo, tmp_path, own_home):
    blank = np.zeros((64, 64, 3), np.uint8)
    Vault(own_home).add(Persona("", "Maya", "painter", blank, 7, attributes=Attributes(gender="female")))
    code, said, _ = run("plan", photo, "--persona", "maya")
    assert code == 0
    plan = json.loads(said)
    assert plan["regions"][0]["decision"]["action"] == "face"
    assert plan["faces"]["regions"][0]["decision"] == {"action": "persona", "persona": "maya"}
    code, _, error = run("plan", photo, "--persona", "nobody")
    assert code == 2
    assert "nobody" in error


def test_a_folder_becomes_a_table_and_what_cannot_be_read_stops_nothing(run, astronaut, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(astronaut[::4, ::4]).save(folder / name)
    (folder / "c.png").write_text("no picture")
    code, said, error = run(folder, "-o", out, "--before-after", tmp_path / "sheets")
    assert code == 2
    assert "c.png" in error
    lines = said.splitlines()
    assert lines[0].split()[:3] == ["photo", "result", "hidden"]
    assert [line.split()[0] for line in lines[1:3]] == ["a.png", "b.png"]
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--click", "7=remove"), "must look like 420,310=remove"),
        (("--click", "7,8=vanish"), "must look like"),
        (("--box", "9,9,1,1=pixelate"), "left edge left"),
        (("--click", "9000,3=remove"), "outside the picture"),
        (("--box", "9,9,20,20=swap"), "no person"),
        (("--inpainter", "magic"), "is not one of"),
        (("--inpainter", "diffusion_inpaint"), "deepmask weights get"),
        (("--grow", "-1"), "range"),
        (("--plan", "x.json"), "No such option"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(run, photo, tmp_path, arguments, sentence):
    code, _, error = run(photo, "-o", tmp_path / "out.png", *arguments)
    assert code == 2
    assert sentence in error
    assert "Traceback" not in error
    assert not (tmp_path / "out.png").exists()


def test_plans_of_other_photos_and_media_are_refused(run, photo, planned, tmp_path):
    other = tmp_path / "other.png"
    Image.fromarray(np.zeros((280, 252, 3), np.uint8)).save(other)
    code, _, error = run("render", other, "--plan", planned, "-o", tmp_path / "out.png")
    assert code == 2
    assert "another photo" in error
    faces = tmp_path / "faces.json"
    faces.write_text(json.dumps(json.loads(planned.read_text())["faces"]))
    code, _, error = run("render", photo, "--plan", faces, "-o", tmp_path / "out.png")
    assert code == 2
    assert "deepmask body plan" in error
    assert not (tmp_path / "out.png").exists()
