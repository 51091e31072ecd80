"""What the server lets through: an ASGI middleware in front of Gradio.

- files of the app's workspace only, whatever Gradio would serve, under names that cannot be guessed; and nothing is
  fetched from other hosts on a visitor's behalf;
- requests that come from the app's own page or from no page at all, so that no other web page acts for a visitor; and,
  while only this machine may use the app, that name this machine: no page can rebind its name to 127.0.0.1;
- a content security policy under which the browser itself refuses to load anything from another host.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FILE = re.compile(r"^(?:/gradio_api)?/file[=/](?P<path>.*)$", re.DOTALL)
_CLOSED = re.compile(r"^(?:/gradio_api)?/(?:proxy=|monitoring)")

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Gate:
    """Stands before the app.

    Args:
        folder: the workspace, the only folder files are served from.
        hosts: names the app answers to; None answers to all.
    """

    def __init__(self, app: ASGIApp, folder: Path, hosts: frozenset[str] | None) -> None:
        self._app, self._folder, self._hosts = app, folder.resolve(), hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif not self._may_pass(scope):
            await PlainTextResponse("This is not served.", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, self._with_headers(scope["path"], send))

    def _may_pass(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return False
        if self._hosts is not None and _host_name(host) not in self._hosts:
            return False
        path = scope["path"]
        if _CLOSED.match(path):
            return False
        file = _FILE.match(path)
        return file is None or self._is_ours(file["path"])

    def _is_ours(self, path: str) -> bool:
        """Whether ``path``, decoded once more as careless servers do, still names a file of the workspace."""
        try:
            targets = [Path(p).resolve() for p in (path, unquote(path))]
        except (OSError, ValueError):
            return False
        return all(target.is_relative_to(self._folder) for target in targets)

    @staticmethod
    def _with_headers(path: str, send: Send) -> Send:
        immutable = path.startswith(("/assets/", "/static/"))

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if not (immutable and name == "Cache-Control"):
                        headers[name] = value
            await send(message)

        return sender


def _host_name(host: str) -> str:
    """The name of a Host header, without the port."""
    return host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0].lower()
