"""Photos are sealed, tagged and cloaked in a real browser, and the key they are signed with is looked after."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from skimage import data

from deepmask.media import Photo
from deepmask.signing import Keyring
from pipelines.verify.authenticating import authenticate
from tests.tiny.clips import even, make_clip
from tests.ui.browser import needs_browser, opened
from ui.panels.protect_view import JOBS

PATIENCE_S = 120


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMASK_HOME", str(tmp_path_factory.mktemp("browser-home")))
        with opened(tmp_path_factory.mktemp("browser")) as page:
            yield page


@pytest.fixture
def page(browser):
    browser.driver.get(browser.url)
    browser.tab("Protect")
    return browser


@pytest.fixture
def astronaut(tmp_path):
    path = tmp_path / "astronaut.jpg"
    Image.fromarray(data.astronaut()).save(path, quality=92)
    return path


def choose_job(page, words: str) -> None:
    label = next(e for e in page.all("#protect-job label") if e.text == words)
    page.driver.execute_script("arguments[0].querySelector('input').click()", label)
    does = next(does for name, _, does, _ in JOBS.values() if name == words)
    page.until(lambda: does in page.find("#protect-told").text)


def slide(page, selector: str, value: float) -> None:
    """Move a slider and let go of it."""
    page.driver.execute_script(
        "const slider = document.querySelector(arguments[0] + ' input[type=range]'); slider.value = arguments[1];"
        "slider.dispatchEvent(new Event('input', { bubbles: true }));"
        "slider.dispatchEvent(new Event('pointerup', { bubbles: true }));",
        selector, value,
    )  # fmt: skip


def type_into(page, selector: str, words: str) -> None:
    field = page.find(f"{selector} :is(input, textarea)")
    field.clear()
    field.send_keys(words)


@needs_browser
def test_a_photo_is_sealed_downloaded_and_found_authentic(page, astronaut):
    page.upload("#protect-drop", astronaut)
    page.find("#protect-picture img")
    page.click("#protect")
    page.find("#protect-findings .dossier-good", PATIENCE_S)
    page.says("Sealed: DM-")
    page.click("#download-protected")
    sealed = Photo.open(page.downloaded("astronaut-sealed.png"))
    found = authenticate(sealed, Keyring().known())
    assert found.report.verdict == "authentic"
    assert found.restored is not None
    np.testing.assert_array_equal(found.restored.rgb, Photo.open(astronaut).rgb)

    page.click("#download-protect-page")
    html = page.downloaded("astronaut-sealed.html").read_text("utf-8")
    assert found.report.authentication in html
    assert "gradio_api" not in html
    page.click("#download-protect-json")
    assert json.loads(page.downloaded("astronaut-sealed.json").read_text("utf-8"))["restores"]
    assert page.foreign_requests() == set()


@needs_browser
def test_what_was_found_belongs_to_the_job_and_its_options(page, astronaut):
    page.upload("#protect-drop", astronaut)
    page.find("#protect-picture img")
    choose_job(page, "Tag")
    page.click("#protect")
    page.find("#protect-findings .dossier", PATIENCE_S)
    page.says("PSNR")
    page.says("JPEG 75")
    choose_job(page, "Cloak")
    page.find("#protect-picture img")
    page.until(lambda: not page.driver.find_elements("css selector", "#protect-findings .dossier"))
    choose_job(page, "Tag")
    page.find("#protect-findings .dossier")
    slide(page, "#tag-strength", 3)
    page.find("#protect-picture img")
    page.find("#protect")


@needs_browser
def test_filters_are_seen_at_once_and_a_cloak_tells_what_it_is_worth(page, astronaut):
    page.upload("#protect-drop", astronaut)
    plain = page.find("#protect-picture img").get_attribute("src")
    choose_job(page, "Cloak")
    page.find("#cloak-filters")
    page.open("Filters")
    page.find("#filter-warmth")
    slide(page, "#filter-warmth", 0.5)
    page.find(f'#protect-picture img:not([src="{plain}"])')
    page.click("#protect")
    page.find("#protect-findings .dossier", PATIENCE_S)
    told = page.find("#protect-findings").text
    assert "never seen" in told
    assert "half size" in told
    assert len(page.all("#protect-findings img")) == 3
    page.click("#show-me")
    page.until(lambda: len(page.all("#protect-findings img")) == 5, PATIENCE_S)
    page.says("Swap before")


@needs_browser
def test_a_video_is_tagged_and_nothing_else(page, tmp_path):
    clip = make_clip(tmp_path / "still.mp4", even(4), size_wh=(512, 512), picture=lambda n: data.astronaut())
    page.upload("#protect-drop", clip)
    page.find("#protect-film video")
    assert page.find("#protect-job label.selected").text == "Tag"
    choose_job(page, "Seal")
    page.says("a video can be tagged")
    assert not page.driver.find_elements("css selector", "#protect")
    choose_job(page, "Tag")
    page.click("#protect")
    page.find("#protect-findings .dossier", PATIENCE_S)
    page.click("#download-protected")
    assert page.downloaded("still-tagged.mp4").stat().st_size > 0


@needs_browser
def test_several_photos_are_sealed_together_and_what_cannot_be_says_why(page, astronaut, tmp_path):
    small, broken = tmp_path / "small.png", tmp_path / "broken.png"
    Image.fromarray(data.astronaut()[:40, :40]).save(small)
    broken.write_text("no picture")
    page.upload("#protect-drop", astronaut, small, broken)
    page.find("#protect-strip img")
    page.click("#protect")
    page.says("small.png is 40 x 40 pixels", PATIENCE_S)
    page.find("#protect-findings .dossier-good")
    page.click("#protect-strip button.thumbnail-item", number=2)
    page.says("broken.png is not a picture")


@needs_browser
def test_two_photos_are_downloaded_as_one_file_with_a_page_of_findings(page, astronaut, tmp_path):
    second = tmp_path / "second.png"
    Image.fromarray(data.astronaut()[::-1].copy()).save(second)
    page.upload("#protect-drop", astronaut, second)
    page.find("#protect-strip img")
    page.click("#protect")
    page.click("#protected-zip", PATIENCE_S)
    with zipfile.ZipFile(page.downloaded("sealed.zip")) as packed:
        assert packed.namelist() == ["astronaut-sealed.png", "second-sealed.png", "findings.html"]
        assert packed.read("findings.html").count(b"<article") == 2


@needs_browser
def test_a_sealed_photo_is_worked_on_further(page, astronaut):
    page.upload("#protect-drop", astronaut)
    page.find("#protect-picture img")
    choose_job(page, "Tag")
    page.click("#protect")
    page.find("#go-on", PATIENCE_S)
    page.click("#go-on")
    page.says("astronaut-tagged.jpg")
    choose_job(page, "Seal")
    page.click("#protect")
    page.find("#protect-findings .dossier-good", PATIENCE_S)
    page.click("#download-protected")
    assert page.downloaded("astronaut-tagged-sealed.png").stat().st_size > 0


@needs_browser
def test_the_key_is_locked_asked_for_exported_and_brought_back(page, astronaut, tmp_path):
    before = Keyring().signer().key_id
    page.driver.get(page.url)
    page.tab("Protect")
    page.open("Your key")
    page.says(before)
    type_into(page, "#new-passphrase", "correct horse")
    page.click("#lock-key")
    page.says("open on this page")
    assert Keyring().locked

    page.driver.get(page.url)
    page.tab("Protect")
    page.upload("#protect-drop", astronaut)
    page.find("#protect-picture img")
    page.click("#protect")
    page.says("Your key is locked; give its passphrase", PATIENCE_S)
    page.open("Your key")
    type_into(page, "#key-passphrase", "wrong")
    page.click("#unlock-signing")
    page.says("passphrase of the signing key is wrong")
    type_into(page, "#key-passphrase", "correct horse")
    page.click("#unlock-signing")
    page.says("open on this page")

    show_pane(page, "Export")
    type_into(page, "#export-passphrase", "battery staple")
    page.click("#export-key")
    page.click("#download-key")
    exported = page.downloaded(f"deepmask-{before}.pem")
    show_pane(page, "Passphrase")
    page.click("#open-key")
    page.says("without a passphrase")
    show_pane(page, "Bring")
    page.upload("#bring-file", exported)
    page.find("#bring-file .download-link, #bring-file .file-preview")
    type_into(page, "#bring-passphrase", "battery staple")
    page.click("#bring-key")
    page.says("There is a key already")
    page.click("#replace-key input")
    page.click("#bring-key")
    page.says("open on this page")
    assert Keyring().signer("battery staple").key_id == before


@needs_browser
def test_the_key_of_somebody_else_is_remembered_and_forgotten(page, tmp_path):
    theirs = Keyring(tmp_path / "theirs").signer().public
    file = tmp_path / "maya.pub"
    file.write_bytes(theirs.to_pem())
    page.find("#your-key")
    page.open("Your key")
    show_pane(page, "Keys of others")
    page.upload("#trust-file", file)
    page.find("#trust-file .download-link, #trust-file .file-preview")
    type_into(page, "#trust-name", "Maya")
    page.click("#trust-key")
    page.until(lambda: theirs.key_id in page.find("#known-keys").text)
    assert [key.name for key in Keyring().known() if key.raw == theirs.raw] == ["Maya"]
    page.click("#known-keys input")
    page.click("#forget-key")
    page.until(lambda: all(key.raw != theirs.raw for key in Keyring().known()))


def show_pane(page, words: str) -> None:
    label = next(e for e in page.all("#key-pane label") if e.text == words)
    page.driver.execute_script("arguments[0].querySelector('input').click()", label)
