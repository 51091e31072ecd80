"""The command line as its users see it: files, sentences and exit codes."""

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.errors import EngineFailed
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision, Plan
from deepmask.provenance import known_credentials
from deepmask.report import Finding
from deepmask.vault import Vault
from pipelines import photo as photo_pipeline
from pipelines.verify.reading import read_tag
from tests.tiny.marks import only_tagged
from ui.cli import COMMANDS, main


@pytest.fixture(scope="module")
def face_rgb():
    return np.ascontiguousarray(data.astronaut()[:240, 110:350])


@pytest.fixture
def face(tmp_path, face_rgb):
    path = tmp_path / "face.png"
    Image.fromarray(face_rgb).save(path)
    return path


@pytest.fixture
def maya():
    grey = np.full((64, 64, 3), 128, np.uint8)
    return Vault().add(Persona("", "Maya", "painter", grey, 7, attributes=Attributes(gender="female")))


@pytest.fixture
def deepmask(capfd):
    """Run a command; returns (exit code, stdout, stderr)."""

    def run(*arguments):
        capfd.readouterr()
        code = main([str(a) for a in arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def _one_sentence(text):
    return text.count("\n") == 1 and text.endswith(".\n") and "Traceback" not in text


def _rgb(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


# --------------------------------------------------------------------------------------------------------------- photo
def test_a_photo_is_masked_and_the_rest_stays_bit_identical(deepmask, face, face_rgb, tmp_path):
    out, report = tmp_path / "masked.png", tmp_path / "report.json"
    code, said, _ = deepmask("photo", face, "-o", out, "--report", report, "--no-provenance")
    assert code == 0
    assert "1 face: 1 hidden." in said
    (entry,) = json.loads(report.read_text())
    assert entry["output"] == str(out)
    assert entry["safe"]
    changed = (_rgb(out) != face_rgb).any(2)
    assert 0.02 < changed.mean() < 0.6
    assert np.array_equal(_rgb(face), face_rgb), "the original is untouched"
    assert b"c2pa" not in out.read_bytes()


def test_a_masked_photo_says_that_it_is_one_and_nothing_but_the_tag_is_added(deepmask, face, tmp_path):
    plain, out = tmp_path / "plain.png", tmp_path / "out.png"
    assert deepmask("photo", face, "-o", plain, "--no-provenance")[0] == 0
    code, said, _ = deepmask("photo", face, "-o", out)
    assert code == 0
    assert "Tagged and signed as a masked picture" in said
    assert only_tagged(_rgb(out), _rgb(plain))
    told = known_credentials(out)
    assert told is not None
    assert (told.state, told.yours, [one.words for one in told.done if one.words]) == (
        "intact",
        True,
        ["Faces pixelated"],
    )
    found = read_tag(Photo.open(out)).report
    assert found.tag_id == f"{told.tag_id:016x}"


def test_the_settings_can_do_without_provenance(deepmask, face, tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPMASK_PROVENANCE", "false")
    code, said, _ = deepmask("photo", face, "-o", tmp_path / "out.png")
    assert (code, "signed" in said.lower()) == (0, False)
    assert known_credentials(tmp_path / "out.png") is None
    assert deepmask("photo", face, "-o", tmp_path / "signed.png", "--provenance")[0] == 0
    assert known_credentials(tmp_path / "signed.png") is not None


def test_a_wrong_option_shows_the_usage_that_was_typed(deepmask, face):
    told = deepmask("photo", face, "--engine", "oracle")[2]
    assert "'oracle' is not one of" in told
    assert "Usage: deepmask photo PHOTO... -o OUT" in told
    assert "photo mask" not in told
    assert "Usage: deepmask photo mask" in deepmask("photo", "mask", face, "--engine", "oracle")[2]


def test_options_may_come_before_the_photo_and_json_is_for_programs(deepmask, face, tmp_path):
    code, said, _ = deepmask("photo", "--bystanders", "keep", "--json", "-o", tmp_path / "out.png", face)
    assert code == 0
    assert [f["verdict"] for f in json.loads(said)[0]["findings"]] == ["kept"]


def test_a_persona_is_given_by_name(deepmask, face, maya, tmp_path):
    code, said, _ = deepmask("photo", face, "-o", tmp_path / "out.png", "--persona", "maya", "--json")
    assert code == 0
    assert json.loads(said)[0]["findings"][0]["wanted"] == maya.id


def test_a_photoreal_engine_that_is_not_there_is_refused_with_the_command(deepmask, face, maya, tmp_path):
    asked = (
        "photo",
        face,
        "-o",
        tmp_path / "out.png",
        "--persona",
        "Maya",
        "--engine",
        "inswapper",
        "--restore",
        "0.7",
    )
    code, said, error = deepmask(*asked, "--detail", "512", "--region", "head")
    assert (code, said) == (2, "")
    assert "deepmask weights get buffalo_l inswapper_128" in error
    assert error.count("\n") == 1
    code, _, error = deepmask("photo", "plan", face, "--finder", "scrfd")
    assert code == 2
    assert "deepmask weights get buffalo_l" in error
    assert not (tmp_path / "out.png").exists()
    assert "Photoreal faces with inswapper: deepmask weights get" in " ".join(deepmask("photo", "--help")[1].split())


def test_the_engine_and_the_look_of_a_photo_stand_in_its_plan(deepmask, face, maya, tmp_path):
    choices = ("--engine", "meshwarp", "--detail", "128", "--restore", "0.5", "--region", "features")
    plan = json.loads(deepmask("photo", "plan", face, "--persona", "Maya", *choices)[1])
    assert plan["engines"]["face_swapper"] == "meshwarp"
    assert plan["look"] == {"detail_px": 128, "restore": 0.5, "region": "features"}
    usual = json.loads(deepmask("photo", "plan", face, "--persona", "Maya")[1])
    assert "face_swapper" not in usual["engines"]


def test_what_forbids_commercial_use_is_said(deepmask, face, tmp_path, monkeypatch):
    note = "made with inswapper, whose licence forbids commercial use"
    monkeypatch.setattr("pipelines.photo.checking.licence_notes", lambda plan, outcomes: (note,))
    assert f"  M{note[1:]}." in deepmask("photo", face, "-o", tmp_path / "out.png")[1]


def test_plan_render_check(deepmask, face, tmp_path):
    plan_path, out = tmp_path / "plan.json", tmp_path / "out.png"
    assert deepmask("photo", "plan", face, "-o", plan_path)[0] == 0
    plan = Plan.load(plan_path)
    plan.with_region(plan.regions[0].decided(Decision("solid"))).save(plan_path)
    code, said, _ = deepmask("photo", "render", face, "--plan", plan_path, "-o", out, "--json")
    assert code == 0
    assert json.loads(said)[0]["findings"][0]["wanted"] == "solid"
    assert deepmask("photo", "check", face, out, "--plan", plan_path)[0] == 0
    code, said, _ = deepmask("photo", "check", face, face, "--plan", plan_path)
    assert code == 3
    assert "STILL RECOGNISABLE" in said


def test_a_plan_can_be_given_to_the_short_form_and_is_printed_without_an_output(deepmask, face, tmp_path):
    code, said, _ = deepmask("photo", "plan", face, "--bystanders", "solid")
    assert code == 0
    (tmp_path / "plan.json").write_text(said)
    assert deepmask("photo", face, "-o", tmp_path / "out.png", "--plan", tmp_path / "plan.json")[0] == 0


def test_folders_keep_their_structure_and_one_damaged_photo_does_not_stop_the_others(deepmask, face, tmp_path):
    source = tmp_path / "in"
    (source / "day one").mkdir(parents=True)
    (source / "day one" / "face.png").write_bytes(face.read_bytes())
    Image.new("RGB", (40, 30), "teal").save(source / "sky.jpg")
    (source / "broken.jpg").write_bytes((source / "sky.jpg").read_bytes()[:200])
    (source / "notes.txt").write_text("not a photo")
    out = source / "masked"
    code, said, complaint = deepmask("photo", source, "-o", out)
    assert code == 2
    assert "broken.jpg" in complaint
    assert _one_sentence(complaint)
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.*")) == ["day one/face.png", "sky.jpg"]
    assert "No face was found" in said
    (source / "broken.jpg").unlink()
    assert deepmask("photo", source, "-o", out, "--overwrite")[0] == 0
    assert len(list(out.rglob("*.*"))) == 2, "earlier results in the folder are not masked again"


def test_a_photo_an_engine_cannot_do_is_named_and_does_not_stop_the_others(deepmask, monkeypatch, tmp_path):
    def analyze(source, *_, **__):
        if source.name == "odd.png":
            raise EngineFailed("The finder gave up; take another one with --finder.")
        return Plan("photo", source.name, source.fingerprint, source.size_wh)

    monkeypatch.setattr("pipelines.photo.analyze", analyze)
    for name in ("odd.png", "plain.png"):
        Image.new("RGB", (20, 20)).save(tmp_path / name)
    code, said, complaint = deepmask("photo", tmp_path / "odd.png", tmp_path / "plain.png", "-o", tmp_path / "out")
    assert code == 2
    assert complaint == "odd.png: The finder gave up; take another one with --finder.\n"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["plain.png"]
    assert "plain.png" in said


def test_photos_of_the_same_name_are_numbered(deepmask, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (20, 20)).save(tmp_path / folder / "x.png")
    out = tmp_path / "out"
    assert deepmask("photo", tmp_path / "a" / "x.png", tmp_path / "b" / "x.png", "-o", out)[0] == 0
    assert sorted(p.name for p in out.iterdir()) == ["x-2.png", "x.png"]


def test_nothing_that_exists_is_overwritten_unasked(deepmask, face, face_rgb, tmp_path):
    code, _, complaint = deepmask("photo", face, "-o", face)
    assert code == 2
    assert "--overwrite" in complaint
    assert _one_sentence(complaint)
    assert np.array_equal(_rgb(face), face_rgb)
    code, _, complaint = deepmask("photo", face, "-o", face.parent)
    assert code == 2, "the folder of the photo itself would overwrite it as well"
    assert deepmask("photo", face, "-o", face, "--overwrite")[0] == 0
    assert not np.array_equal(_rgb(face), face_rgb)


def test_a_photo_without_faces_only_loses_its_metadata_and_says_so(deepmask, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    Image.fromarray(pixels).save(tmp_path / "in.png", exif=exif)
    code, said, _ = deepmask("photo", tmp_path / "in.png", "-o", tmp_path / "out.png")
    assert code == 0
    assert "No face was found" in said
    assert np.array_equal(_rgb(tmp_path / "out.png"), pixels)
    assert b"SecretCam" not in (tmp_path / "out.png").read_bytes()


def test_a_leaking_result_is_not_written_unless_the_user_insists(deepmask, face, tmp_path, monkeypatch):
    def leaking(source, result, plan, outcomes=(), **_):
        report = check(source, result, plan, outcomes)
        return type(report)(report.source_name, (Finding("face-1", "solid", "solid", "leak", 0.2),), report.judges)

    check = photo_pipeline.check
    monkeypatch.setattr(photo_pipeline, "check", leaking)
    out, report = tmp_path / "out.png", tmp_path / "report.json"
    code, said, complaint = deepmask("photo", face, "-o", out, "--report", report)
    assert code == 3
    assert not out.exists()
    assert "not written" in said
    assert _one_sentence(complaint)
    assert json.loads(report.read_text())[0]["output"] is None
    assert deepmask("photo", face, "-o", out, "--allow-leaks")[0] == 3
    assert out.exists()


# ----------------------------------------------------------------------------------------------------------- bad input
def _truncated(path):
    Image.fromarray(data.astronaut()).save(path)
    path.write_bytes(path.read_bytes()[:9000])


BAD = {
    "not an image": lambda path: path.write_text("hello"),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": _truncated,
    "a folder without photos": lambda path: path.mkdir(),
    "missing": lambda path: None,
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_what_is_no_photo_gets_one_sentence(deepmask, tmp_path, make):
    make(tmp_path / "photo.jpg")
    out = tmp_path / "out.jpg"
    code, said, complaint = deepmask("photo", tmp_path / "photo.jpg", "-o", out)
    assert (code, said) == (2, "")
    assert _one_sentence(complaint)
    assert not out.exists()


def test_an_empty_prompt_paints_nobody(deepmask, tmp_path):
    code, _, complaint = deepmask("avatar", " ", "-o", tmp_path / "out.png")
    assert code == 2
    assert _one_sentence(complaint)
    assert not (tmp_path / "out.png").exists()


def test_one_pixel_is_a_photo_without_faces(deepmask, tmp_path):
    Image.new("RGB", (1, 1), "red").save(tmp_path / "dot.png")
    code, said, _ = deepmask("photo", tmp_path / "dot.png", "-o", tmp_path / "out.png")
    assert code == 0
    assert "No face was found" in said
    assert _rgb(tmp_path / "out.png").tolist() == [[[255, 0, 0]]]


def test_an_unknown_persona_lists_the_known(deepmask, face, maya, tmp_path):
    code, _, complaint = deepmask("photo", face, "-o", tmp_path / "out.png", "--persona", "Mya")
    assert code == 2
    assert "Maya" in complaint
    assert _one_sentence(complaint)


def _other_photo(plan):
    return plan | {"fingerprint": "0" * 64}


def _newer(plan):
    return plan | {"version": 99}


def _unknown_persona(plan):
    return plan | {"regions": [plan["regions"][0] | {"decision": {"action": "persona", "persona": "nobody"}}]}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_other_photo, "another photo"),
        (_newer, "newer Deepmask"),
        (_unknown_persona, "no persona named 'nobody'"),
        (lambda plan: {"version": 1}, "not a Deepmask plan"),
        (lambda plan: plan | {"regions": 3}, "damaged"),
        (lambda plan: [1, 2], "not a Deepmask plan"),
    ],
)
def test_plans_that_do_not_fit_get_one_sentence(deepmask, face, tmp_path, spoil, words):
    plan_path, out = tmp_path / "plan.json", tmp_path / "out.png"
    assert deepmask("photo", "plan", face, "-o", plan_path, "--finder", "fast")[0] == 0
    plan_path.write_text(json.dumps(spoil(json.loads(plan_path.read_text()))))
    code, _, complaint = deepmask("photo", "render", face, "--plan", plan_path, "-o", out)
    assert code == 2
    assert words in complaint
    assert _one_sentence(complaint)
    assert not out.exists()


def test_text_that_is_no_plan_and_a_plan_that_is_missing(deepmask, face, tmp_path):
    broken = tmp_path / "plan.json"
    broken.write_text('{"version": 1, "regi')
    for plan in (broken, tmp_path / "none.json"):
        code, _, complaint = deepmask("photo", face, "-o", tmp_path / "out.png", "--plan", plan)
        assert code == 2
        assert _one_sentence(complaint)


def test_a_full_disk_leaves_nothing_half_written(deepmask, tmp_path, monkeypatch):
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "in.png")
    out = tmp_path / "results" / "out.png"

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    code, _, complaint = deepmask("photo", tmp_path / "in.png", "-o", out)
    assert code == 2
    assert "full" in complaint
    assert _one_sentence(complaint)
    assert list(out.parent.iterdir()) == []


def test_a_vault_that_cannot_be_written_gets_one_sentence(deepmask, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DEEPMASK_HOME", str(tmp_path / "file"))
    code, _, complaint = deepmask("avatar", "young man", "--name", "Ben", "--size", 128, "--style", "illustrated")
    assert code == 2
    assert "DEEPMASK_HOME" in complaint
    assert _one_sentence(complaint)
    assert (tmp_path / "file").read_text() == "in the way"


def test_ctrl_c_stops_cleanly(deepmask, face, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(photo_pipeline, "render", interrupted)
    code, _, complaint = deepmask("photo", face, "-o", tmp_path / "out.png")
    assert code == 130
    assert _one_sentence(complaint.lstrip())
    assert not (tmp_path / "out.png").exists()


# -------------------------------------------------------------------------------------------------------------- avatar
def test_a_prompt_becomes_pictures_and_a_kept_persona(deepmask, tmp_path):
    paint = ("avatar", "woman with red hair and xylophone", "--style", "illustrated", "--size", 128)
    code, _, complaint = deepmask(*paint, "-o", tmp_path / "drafts", "--count", 2, "--seed", 5)
    assert code == 0
    assert "xylophone" in complaint
    drafts = sorted((tmp_path / "drafts").iterdir())
    assert [p.stem[-2:] for p in drafts] == ["-5", "-6"]
    assert not np.array_equal(_rgb(drafts[0]), _rgb(drafts[1]))
    assert deepmask(*paint, "--seed", 6, "--name", "Ada")[0] == 0
    assert np.array_equal(Vault().persona("ada").portrait, _rgb(drafts[1]))
    assert deepmask(*paint, "--name", "Ada")[0] == 2, "the name is taken"
    assert deepmask(*paint)[0] == 2, "neither kept nor written"
    assert deepmask(*paint, "--count", 3, "--name", "Three")[0] == 2
    assert deepmask(*paint, "--count", 3, "-o", tmp_path / "one.png")[0] == 2
    assert deepmask(*paint, "-o", tmp_path / "drafts", "--count", 2, "--seed", 5)[0] == 2, "pictures exist"


# ----------------------------------------------------------------------------------------------------- vault and people
def test_personas_are_listed_shown_renamed_exported_and_removed(deepmask, maya, tmp_path):
    assert "Maya" in deepmask("personas", "list")[1]
    assert json.loads(deepmask("personas", "show", "maya", "--json")[1])["seed"] == 7
    assert "gender female" in deepmask("personas", "show", "maya")[1]
    assert deepmask("personas", "rename", "Maya", "Mia")[0] == 0
    assert deepmask("personas", "export", "Mia", "-o", tmp_path / "mia.png")[0] == 0
    assert np.array_equal(_rgb(tmp_path / "mia.png"), maya.portrait)
    assert deepmask("personas", "remove", "Mia")[0] == 0
    assert Vault().personas() == []
    assert deepmask("personas", "show", "Mia")[0] == 2


def test_a_portrait_is_imported_only_with_the_users_word(deepmask, face):
    code, _, complaint = deepmask("personas", "import", face, "--name", "Kim")
    assert code == 2
    assert "--i-may-use-it" in complaint
    assert Vault().personas() == []


def test_people_are_enrolled_matched_reassigned_and_forgotten(deepmask, face, maya, tmp_path):
    assert deepmask("people", "add", "Eileen", face)[0] == 2, "neither persona nor keep"
    assert deepmask("photo", face, "-o", tmp_path / "x.png", "--roster")[0] == 2, "nobody is enrolled"
    assert "appears as Maya" in deepmask("people", "add", "Eileen", face, "--persona", "maya")[1]
    (person,) = json.loads(deepmask("people", "list", "--json")[1])
    assert (person["persona"], person["photos"]) == ("maya", 1)
    assert deepmask("personas", "remove", "Maya")[0] == 2, "somebody has it"
    plan = json.loads(deepmask("photo", "plan", face)[1])
    assert plan["regions"][0]["decision"] == {"action": "persona", "persona": "maya"}
    assert deepmask("people", "assign", "eileen", "--keep")[0] == 0
    plan = json.loads(deepmask("photo", "plan", face, "--roster")[1])
    assert plan["regions"][0]["decision"]["action"] == "keep"
    assert deepmask("people", "forget", "Eileen")[0] == 0
    assert not (Vault().folder / "roster.json").exists()


def test_the_roster_is_encrypted_and_asks_for_its_passphrase(deepmask, face, monkeypatch):
    deepmask("people", "add", "Eileen", face, "--keep")
    assert deepmask("people", "protect")[0] == 2, "no passphrase to be had without a terminal"
    monkeypatch.setenv("DEEPMASK_PASSPHRASE", "correct horse")
    assert deepmask("people", "protect")[0] == 0
    assert "Eileen" not in (Vault().folder / "roster.json").read_text()
    assert deepmask("people", "list")[1].split() == ["Eileen", "keeps", "own", "face", "1", "photo"]
    for wrong in ("battery staple", None):
        monkeypatch.delenv("DEEPMASK_PASSPHRASE")
        if wrong:
            monkeypatch.setenv("DEEPMASK_PASSPHRASE", wrong)
        code, _, complaint = deepmask("photo", "plan", face)
        assert code == 2
        assert _one_sentence(complaint)
        monkeypatch.setenv("DEEPMASK_PASSPHRASE", "correct horse")
    assert deepmask("people", "unprotect")[0] == 0
    assert "Eileen" in (Vault().folder / "roster.json").read_text()


# ------------------------------------------------------------------------------------------------------------ the rest
def test_every_command_explains_itself(deepmask):
    listed = deepmask("--help")[1]
    for name, summary in COMMANDS.items():
        assert summary in listed
        code, said, _ = deepmask(name, "--help")
        assert code == 0
        assert "Usage: deepmask" in said


def test_engines_and_version(deepmask):
    assert "meshwarp" in deepmask("engines")[1]
    rows = json.loads(deepmask("engines", "--json")[1])
    assert all(row["missing"] == [] for row in rows if row["install"] == "pip install deepmask" and not row["weights"])
    swapper = next(row for row in rows if row["name"] == "inswapper")
    assert not swapper["commercial"]
    assert "deepmask weights get buffalo_l inswapper_128" in swapper["remedy"]
    assert {one["name"]: one["vendor"] for one in swapper["weights"]}["inswapper_128"] == "InsightFace"
    said = deepmask("engines")[1]
    assert "inswapper" in said.partition("Not ready; to get them:")[2]
    assert "weights CreativeML OpenRAIL-M" in said, "what a model demands is told beside what its program does"
    assert "deepmask" in deepmask("--version")[1]


@pytest.mark.parametrize("command", [("engines",), ("weights", "list")])
def test_tables_fit_a_terminal_of_80_columns_and_are_not_broken_for_programs(deepmask, monkeypatch, command):
    whole = deepmask(*command)[1]
    monkeypatch.setenv("COLUMNS", "80")
    shown = deepmask(*command)[1].partition("Not ready; to get them:")[0]  # commands stay whole, to be copied
    assert whole.split()[:20] == shown.split()[:20]
    assert max(len(line) for line in whole.splitlines()) > 80
    assert all(len(line) <= 80 or line.lstrip().startswith("https://") for line in shown.splitlines())


def test_the_doctor_finds_this_machine_healthy_and_a_bad_vault_not(deepmask, tmp_path, monkeypatch):
    code, said, _ = deepmask("doctor", "--json")
    checks = json.loads(said)
    assert code == 0, [c for c in checks if c["state"] == "broken"]
    assert any("CPUExecutionProvider" in c["detail"] for c in checks)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DEEPMASK_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("ui.commands.doctor.engine_checks", lambda progress: [])
    code, said, _ = deepmask("doctor")
    assert code == 1
    assert "BROKEN" in said
    assert "DEEPMASK_HOME" in said


def test_the_doctor_names_the_system_library_that_is_missing():
    from ui.checks import remedy_for

    error = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    assert "apt-get install libgl1" in remedy_for(error)


def test_usage_errors_and_unknown_commands_exit_with_2(deepmask):
    assert deepmask("fly")[0] == 2
    assert deepmask("photo", "a.jpg")[0] == 2
    assert deepmask("photo", "a.jpg", "-o", "b.jpg", "--bystanders", "persona")[0] == 2


def test_it_runs_as_a_program_and_photo_named_like_a_command_can_be_given(tmp_path):
    Image.new("RGB", (20, 20), "teal").save(tmp_path / "plan", "PNG")
    command = [sys.executable, "-m", "ui.cli", "photo", "./plan", "-o", "out.png"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="cp1252", env=environment)
    assert result.returncode == 0, result.stderr
    assert "plan ? out.png" in result.stdout, "even where arrows cannot be shown"
    assert Photo.open(tmp_path / "out.png").size_wh == (20, 20)


def test_the_app_opens_to_others_only_with_a_password(deepmask):
    code, _, complaint = deepmask("app", "--host", "0.0.0.0", "--no-browser")
    assert code == 2
    assert "password" in complaint.lower()
    assert _one_sentence(complaint)
