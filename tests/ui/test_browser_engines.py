"""Photoreal engines in a real browser: got by a click, used for a photo, named in the report, and removed again."""

import pytest
from PIL import Image
from skimage import data

from deepmask import config, engines, weights
from deepmask.engines.insight.alignment import aligned, of_mesh
from deepmask.persona import Attributes, Persona
from tests.ui.browser import needs_browser, opened
from tests.ui.tiny_hub import offered


@pytest.fixture(scope="module")
def portrait():
    """Kim, painted."""
    return engines.load("portrait_painter", "painter").paint(Attributes(), 7)


@pytest.fixture
def hub(tmp_path, portrait):
    face = engines.load("face_finder", "fast").find(portrait)[0]
    landmarks = engines.load("face_landmarker").fit(portrait, face.box_xyxy)
    crop = aligned(portrait, of_mesh(landmarks), 128).rgb
    with offered(tmp_path / "hub", crop) as served:
        yield served


@pytest.fixture
def page(tmp_path, hub):
    with opened(tmp_path / "browser") as page:
        yield page


@pytest.fixture
def astronaut(tmp_path):
    path = tmp_path / "astronaut.png"
    Image.fromarray(data.astronaut()).save(path)
    return path


def choose_engine(page, words):
    page.tab("Engines")
    next(label for label in page.all("#engines label") if words in label.text).click()
    page.says(words)


@needs_browser
def test_an_engine_is_got_used_named_in_the_report_and_removed(page, hub, portrait, astronaut):
    page.vault.add(Persona("", "Kim", "painter", portrait, 7, attributes=Attributes()))
    page.driver.get(page.url)
    page.upload("#drop", astronaut)
    page.find("#faces img", 60)
    page.open("Face engine")
    page.says("For photoreal faces get inswapper in the Engines tab.")

    choose_engine(page, "inswapper")
    page.says("the licence forbids commercial use")
    assert "InsightFace" in page.find("#offer-facts").text
    page.click("#get-engine")
    page.says("Please read and accept the licence first")
    assert hub.requests == []
    page.click("#accept-licence input")
    page.click("#get-engine")
    page.says("Photoreal (inswapper) is ready.", 60)
    assert weights.missing(("buffalo_l", "inswapper_128")) == ()
    assert not [name for name, _ in hub.requests if "gfpgan" in name], "nothing was got that nobody asked for"
    page.click("#verify-engine")
    page.says("All files of Photoreal (inswapper) are as they should be.", 60)

    page.tab("Photos")
    page.find("#face-engine input").click()
    page.choose("Photoreal (inswapper)")
    page.find("#detail")
    next(label for label in page.all("#detail label") if "128" in label.text).click()
    page.click("#mask")
    page.click("#download", 120)
    told = page.find("#report").text
    assert "Kim: a photoreal face computed by inswapper." in told
    assert "Made with inswapper, whose licence forbids commercial use." in told
    assert "Examined with scrfd and arcface, whose licences forbid commercial use." in told
    page.says("1 face: 1 hidden.")
    page.downloaded("astronaut-masked.png")

    choose_engine(page, "inswapper")
    page.click("#remove-engine")
    page.says("ArcFace, ArcFace and dlib (arcface) and SCRFD would be without it, too.")
    page.click("#remove-sure")
    page.says("Photoreal (inswapper) is removed")
    assert not list((config.home() / "models").rglob("*.onnx"))
    assert page.foreign_requests() == set()


@needs_browser
def test_a_download_can_be_stopped_and_gone_on_with(page, hub):
    hub.slow_s = 0.05
    page.driver.get(page.url)
    choose_engine(page, "ArcFace")
    page.click("#accept-licence input")
    page.click("#get-engine")
    page.says("det_10g.onnx: ")
    page.click("#stop-getting")
    page.says("half downloaded")
    begun = sum(path.stat().st_size for path in (config.home() / "models").rglob("*.part"))
    assert begun
    hub.slow_s, hub.sent = 0.0, 0
    page.click("#get-engine")
    page.says("ArcFace is ready.", 60)
    assert hub.sent < sum(len(data) for name, data in hub.files.items() if "buffalo_l" in name)


@needs_browser
def test_an_environment_is_installed_by_a_click_stopped_and_gone_on_with(page, small, monkeypatch):
    row = engines.EngineSpec(
        "transcriber", "new", "", "listens", "MIT", (), "deepmask engines install small", environment="small"
    )
    monkeypatch.setattr(engines, "table", lambda: (row, *engines.EMBEDDED))
    page.driver.get(page.url)
    choose_engine(page, "new")
    page.says("First install it: it runs beside Deepmask")
    assert not page.driver.find_elements("css selector", "#get-engine"), "there are no weights"
    page.click("#install-engine")
    page.says("Small: ")
    page.click("#stop-getting")
    page.says("Stopped; what was finished before is kept.")
    assert page.find("#install-engine").text.startswith("Go on installing")
    page.click("#install-engine")
    page.says("new is ready.", 120)
    page.click("#remove-engine")
    page.says("Remove the environment of Small (")
    page.click("#remove-sure")
    page.says("new is removed")
    assert not small.folder.exists()
