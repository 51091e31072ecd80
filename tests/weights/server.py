"""A small hub on this machine: the hub's addresses and headers, ranges, and the ways in which servers misbehave."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40


@dataclass
class TinyHub:
    """What is served, how it misbehaves, and what was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    """'repo/path' → contents."""
    answers: dict[str, object] = field(default_factory=dict)
    """Address below /api → JSON."""
    ranges: bool = True
    headers_of_the_hub: bool = True
    """Publish digests, as the hub does and a plain mirror does not."""
    storage: bool = True
    """Send large files to another address, as the hub does."""
    break_after: list[int | None] = field(default_factory=list)
    """Of each answer with contents: break the connection off after so many bytes; None or exhausted: do not."""
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the next answers instead of contents."""
    published: dict[str, str] = field(default_factory=dict)
    """'repo/path' → digest that is published instead of the true one."""
    slow_s: float = 0.0
    """Pause after each piece."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of each request for contents."""
    sent: int = 0
    """Bytes of contents."""
    address: str = ""

    def tag(self, name: str) -> str:
        """The digest the hub publishes: SHA-256 of large files, git's SHA-1 of small ones."""
        data = self.files[name]
        if name in self.published:
            return self.published[name]
        if len(data) >= 1000:
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


@contextmanager
def running(hub: TinyHub) -> Iterator[TinyHub]:
    """Serve ``hub`` on a free port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def _handler(hub: TinyHub) -> Callable[..., http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).lstrip("/")
            if path.startswith("api/"):
                self._json(path)
            elif path.startswith("storage/"):
                self._contents(path.removeprefix("storage/"), final=True)
            else:
                repo, _, rest = path.partition("/resolve/")
                self._contents(f"{repo}/{rest.partition('/')[2]}", final=False)

        def _json(self, path: str) -> None:
            if path not in hub.answers:
                self._short(404, {})
                return
            body = json.dumps(hub.answers[path]).encode()
            self._head(200, {"Content-Type": "application/json"}, len(body))
            self.wfile.write(body)

        def _contents(self, name: str, *, final: bool) -> None:
            if name not in hub.files:
                self._short(404, {})
                return
            headers = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{hub.tag(name)}"'} if hub.headers_of_the_hub else {}
            if hub.headers_of_the_hub and hub.storage and not final and len(hub.files[name]) >= 1000:
                self._short(302, {**headers, "Location": f"/storage/{name}"})
                return
            if hub.failures:
                self._short(*hub.failures.pop(0))
                return
            hub.requests.append((name, self.headers.get("Range", "")))
            self._send(name, headers if not final else {})

        def _send(self, name: str, headers: dict[str, str]) -> None:
            data, tag = hub.files[name], f'"{hashlib.md5(hub.files[name]).hexdigest()}"'
            start, status = 0, 200
            wanted = self.headers.get("Range", "")
            fits = self.headers.get("If-Range", tag) == tag
            if hub.ranges and wanted and fits:
                start, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
                if start >= len(data):
                    self._short(416, {"Content-Range": f"bytes */{len(data)}"})
                    return
                headers = {**headers, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            stop = hub.break_after.pop(0) if hub.break_after else None
            self._head(status, {**headers, "ETag": tag}, len(data) - start)
            rest = data[start:] if stop is None else data[start : start + stop]
            for at in range(0, len(rest), 4096):
                try:
                    self.wfile.write(rest[at : at + 4096])
                except OSError:
                    return
                hub.sent += len(rest[at : at + 4096])
                time.sleep(hub.slow_s)
            if stop is not None:
                self.close_connection = True

        def _short(self, status: int, headers: dict[str, str]) -> None:
            self._head(status, headers, 0)

        def _head(self, status: int, headers: dict[str, str], length: int) -> None:
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(length)}.items():
                self.send_header(key, value)
            self.end_headers()

    return Handler
