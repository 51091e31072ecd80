"""The app in a headless browser, as a picture; needs chromium, chromedriver and the dev extra."""

from __future__ import annotations

import io
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from deepmask.config import Settings
from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.vault import Vault

WINDOW_WH = (1240, 900)
_PATIENCE_S = 120


def browser_missing() -> str:
    """What has to be installed first, in words; empty when all is there."""
    lacking = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return ", ".join(lacking)


def masked_photo(photo: Photo, persona: Persona) -> RGBImage:
    """The app after a visitor dropped ``photo`` and had it masked with ``persona``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / photo.name
        photo.save(path)
        home = os.environ.get("DEEPMASK_HOME")
        os.environ["DEEPMASK_HOME"] = folder
        try:
            Vault().add(persona)
            return _photographed(path)
        finally:
            os.environ.pop("DEEPMASK_HOME")
            if home is not None:
                os.environ["DEEPMASK_HOME"] = home


def _photographed(path: Path) -> RGBImage:
    from ui.app import running

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running(Settings(port=port)) as url:
        driver = _browser()
        try:
            driver.get(url)
            _seen(driver, "#drop")
            driver.find_element("css selector", "#drop input[type=file]").send_keys(str(path))
            _seen(driver, "#faces img")
            _click(driver, "#mask")
            _seen(driver, "#download")
            _seen(driver, "#slider img")
            driver.execute_script("window.scrollTo(0, 0)")
            return np.asarray(Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB"))
        finally:
            driver.quit()


def _browser() -> Any:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-sync"):
        options.add_argument(flag)
    options.add_argument(f"--window-size={WINDOW_WH[0]},{WINDOW_WH[1]}")
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def _seen(driver: Any, selector: str) -> Any:
    from selenium.webdriver.support.ui import WebDriverWait

    def shown(_: Any) -> Any:
        return next((e for e in driver.find_elements("css selector", selector) if e.is_displayed()), None)

    return WebDriverWait(driver, _PATIENCE_S).until(shown)


def _click(driver: Any, selector: str) -> None:
    driver.execute_script("arguments[0].click()", _seen(driver, selector))
