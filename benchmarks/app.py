"""How long the user waits before anything can be done: ``deepmask --help``, and the app's first answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from benchmarks.tables import Measure, print_table, seconds

HELP_BAR_S = 0.5
APP_BAR_S = 6.0
_PATIENCE_S = 120.0


def help_seconds() -> float:
    """Median time of ``deepmask --help`` in a process of its own."""
    command = [sys.executable, "-m", "ui.cli", "--help"]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def app_seconds() -> float:
    """Time from starting ``deepmask app`` until its page is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ui.cli", "app", "--no-browser", "--port", str(port)]
    with tempfile.TemporaryDirectory() as home:
        start = time.perf_counter()
        app = subprocess.Popen(
            command, env=os.environ | {"DEEPMASK_HOME": home}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/", app)
            return time.perf_counter() - start
        finally:
            app.terminate()
            app.wait(10)


def _wait_for(url: str, app: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < until and app.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the app did not answer at {url} within {_PATIENCE_S:.0f} s")


def main() -> None:
    """Print the start-up times."""
    measures = [
        Measure("`deepmask --help`", help_seconds(), "s", HELP_BAR_S),
        Measure("app answers", sorted(app_seconds() for _ in range(3))[1], "s", APP_BAR_S),
    ]
    print_table("Start-up", measures)


if __name__ == "__main__":
    main()
