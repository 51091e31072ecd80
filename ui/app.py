"""The app: starts the local server and opens the page. Gradio itself is imported only here, after it has been told to
keep to this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import threading
import webbrowser
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deepmask.config import Settings
from deepmask.errors import DeepmaskError, InputError

if TYPE_CHECKING:
    from gradio import Blocks

    from ui.session import Workspace

USER = "deepmask"
"""User name that goes with the password."""

_AT_HOME = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
"""Environment under which neither Gradio nor its helpers speak to anybody."""


def serve(settings: Settings, *, password: str | None = None, open_browser: bool = True) -> None:
    """Run the app until it is interrupted.

    Args:
        settings: ``host`` and ``port`` to listen on, and the limits of uploads.
        password: what visitors must give, with the user name 'deepmask'; required unless ``host`` is this machine.

    Raises:
        InputError: a host that others can reach, without a password; or a port that is taken.
    """
    with contextlib.suppress(KeyboardInterrupt), _terminable(), running(settings, password=password) as url:
        print(f"Deepmask runs at {url}  (Ctrl-C stops it)", flush=True)
        if open_browser:
            webbrowser.open(url)
        threading.Event().wait()


@contextlib.contextmanager
def running(settings: Settings, *, password: str | None = None) -> Iterator[str]:
    """The app in the background, for the length of the block; gives its address.

    Raises:
        InputError: as for :func:`serve`.
    """
    if not password and not is_this_machine(settings.host):
        raise InputError(
            f"Others can reach the app at {settings.host}, so it needs a password: "
            "set DEEPMASK_PASSWORD, or leave --host away."
        )
    stay_home()
    from ui.session import Workspace

    workspace = Workspace()
    os.environ["GRADIO_TEMP_DIR"] = str(workspace.folder)
    try:
        blocks = build(settings, workspace)
        try:
            yield _launch(blocks, workspace, settings, password)
        finally:
            blocks.close(verbose=False)
    finally:
        workspace.close()


def stay_home() -> None:
    """Forbid Gradio and what it brings to speak to anybody; has to happen before it is imported.

    The hub's library is told directly: the variable HF_HUB_OFFLINE is the user's, who switches downloads off with it.
    """
    os.environ.update(_AT_HOME)
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = True


def build(settings: Settings, workspace: Workspace) -> Blocks:
    """The page, not served yet."""
    stay_home()
    _fetch_nothing()
    from ui.page import page

    return page(settings, workspace)


def is_this_machine(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fetch_nothing() -> None:
    """Gradio downloads whatever address a visitor names in place of an uploaded file; here it refuses."""
    from gradio import processing_utils
    from gradio.exceptions import InvalidPathError

    async def refuse(url: str, cache_dir: str) -> str:
        raise InvalidPathError("Files are uploaded here, not fetched from other hosts.")

    processing_utils.async_ssrf_protected_download = refuse


def _launch(blocks: Blocks, workspace: Workspace, settings: Settings, password: str | None) -> str:
    from starlette.middleware import Middleware

    from ui.gate import Gate
    from ui.theme import CSS, FAVICON, HEAD, THEME

    local = is_this_machine(settings.host)
    hosts = frozenset({"127.0.0.1", "localhost", "::1", settings.host}) if local else None
    try:
        _, url, _ = blocks.queue(default_concurrency_limit=4).launch(
            server_name=settings.host,
            server_port=settings.port,
            auth=(USER, password) if password else None,
            share=False,
            prevent_thread_lock=True,
            quiet=True,
            show_error=False,
            max_file_size=f"{settings.max_upload_mb}mb",
            allowed_paths=[],
            enable_monitoring=False,
            run_history=False,
            ssr_mode=False,
            pwa=False,
            footer_links=[],
            theme=THEME,
            css=CSS,
            head=HEAD,
            favicon_path=FAVICON,
            app_kwargs={"middleware": [Middleware(Gate, folder=workspace.folder, hosts=hosts)]},
        )
    except OSError as error:
        raise InputError(
            f"The app cannot listen on {settings.host}:{settings.port}, which may be taken; choose another with --port."
        ) from error
    if not url:
        raise DeepmaskError("The app did not start; the terminal has the details.")
    return url


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the block like Ctrl-C, so that temporary files are removed then, too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
