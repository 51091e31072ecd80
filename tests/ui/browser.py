"""The app in a headless browser, as a test sees and uses it."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deepmask.config import Settings
from deepmask.vault import Vault
from ui.app import running

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver (Debian: apt install chromium chromium-driver)"
)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1280,1000",
)  # fmt: skip


class Page:
    """The app in a headless browser."""

    def __init__(self, url: str, vault: Vault, folder: Path, flags: Sequence[str] = ()) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        self.downloads = folder / "downloads"
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM or ""
        for flag in (*FLAGS, *flags, f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(flag)
        preferences = {
            "download.default_directory": str(self.downloads),
            "profile.default_content_setting_values.automatic_downloads": 1,  # several from one page
        }
        options.add_experimental_option("prefs", preferences)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.url, self.vault = url, vault

    def find(self, selector: str, seconds: float = 30):
        """The first visible element of a CSS selector, waited for."""
        return self.all(selector, seconds)[0]

    def all(self, selector: str, seconds: float = 30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shown = [e for e in self.driver.find_elements("css selector", selector) if _is_shown(e)]
            if shown:
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{selector} does not appear; the page says: {self.text()[-600:]}")

    def click(self, selector: str, seconds: float = 30, *, number: int = 0) -> None:
        self.driver.execute_script("arguments[0].click()", self.all(selector, seconds)[number])

    def paint(self, count: int, seconds: float = 120) -> None:
        """Create drafts of personas, and wait until ``count`` new ones are there and the work has ended."""
        faces = "#drafts button.thumbnail-item img"
        before = {e.get_attribute("src") for e in self.driver.find_elements("css selector", faces)}
        self.click("#create")

        def ended() -> bool:
            shown = self.driver.find_elements("css selector", faces)
            return len(shown) >= count and before.isdisjoint(_sources(shown)) and self.find("#create").is_enabled()

        self.until(ended, seconds)
        assert len(self.all(faces)) == count

    def tab(self, name: str) -> None:
        for button in self.all('button[role="tab"]'):
            if button.text == name:
                button.click()

    def open(self, title: str) -> None:
        """Unfold an accordion."""
        for head in self.all("button.label-wrap"):
            if head.text.startswith(title):
                self.driver.execute_script("arguments[0].click()", head)

    def choose(self, words: str) -> None:
        """Pick an entry of the menu that is open, waiting until the menu has it."""

        def found() -> bool:
            entries = self.driver.find_elements("css selector", '[role="option"]')
            shown = [entry for entry in entries if entry.text.strip().endswith(words)]
            if shown:
                shown[0].click()
            return bool(shown)

        self.until(found)

    def upload(self, selector: str, *paths: Path) -> None:
        self.find(selector)
        files = self.driver.find_element("css selector", f"{selector} input[type=file]")
        files.send_keys("\n".join(str(p) for p in paths))

    def says(self, words: str, seconds: float = 30) -> None:
        """Wait until the page shows ``words``."""
        end = time.monotonic() + seconds
        while words not in self.text():
            assert time.monotonic() < end, f"{words!r} is not on the page: {self.text()[-600:]}"
            time.sleep(0.1)

    def until(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"it does not come about; the page says: {self.text()[-600:]}"
            time.sleep(0.1)

    def text(self) -> str:
        return self.driver.find_element("css selector", "body").text

    def downloaded(self, name: str, seconds: float = 20) -> Path:
        end = time.monotonic() + seconds
        while not (self.downloads / name).is_file():
            assert time.monotonic() < end, f"no {name} among {list(self.downloads.glob('*'))}"
            time.sleep(0.1)
        return self.downloads / name

    def foreign_requests(self) -> set[str]:
        """Addresses the page asked other hosts for since the last call."""
        found = set()
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                url = event["params"].get("url") or event["params"]["request"]["url"]
                parts = urlsplit(url)
                if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.url).netloc:
                    found.add(url)
        return found


def _sources(images: Sequence[Any]) -> list[str]:
    """Where pictures come from; one that the page has replaced meanwhile comes from nowhere."""
    from selenium.common.exceptions import StaleElementReferenceException

    sources = []
    for image in images:
        with suppress(StaleElementReferenceException):
            sources.append(image.get_attribute("src"))
    return sources


def _is_shown(element: Any) -> bool:
    """Whether an element is seen; one that the page has replaced meanwhile is not."""
    from selenium.common.exceptions import StaleElementReferenceException

    try:
        return element.is_displayed()
    except StaleElementReferenceException:
        return False


@contextmanager
def opened(folder: Path, flags: Sequence[str] = ()) -> Iterator[Page]:
    """The app on a free port, and a browser, started with further ``flags``, that looks at it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(Settings(port=port)) as url:
        page = Page(url, Vault(), folder, flags)
        try:
            yield page
        finally:
            page.driver.quit()
