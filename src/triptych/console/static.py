"""The built pages, read once, compressed once when first asked for; a fresh nonce for every page."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from triptych.edge.exchange import Reply
from triptych.kernel.ids import Ids
from triptych.wire.message import Headers, HttpRequest

__all__ = ["BUILT", "NONCE_MARK", "Pages", "policy"]

BUILT = Path(__file__).parent.parent / "_console"
"""Where the build puts the pages; not there in a checkout nobody has run ``make console`` in."""

NONCE_MARK = "%CSP_NONCE%"
"""Stands in ``index.html`` wherever the page's nonce has to: ``<meta name="csp-nonce" content="%CSP_NONCE%">``."""

_NONCE_CHARACTERS = 22
_SMALL_BYTES = 1024
"""Compressing less than a packet gains nothing."""

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Not the machine's own table: it differs from one to the next, and a script of an unknown type does not run."""
_TEXT = re.compile(r"text/|application/|image/svg")

_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Triptych</title></head><body>
<h1>The console was not built</h1>
<p>This Triptych was installed without its web console (TRIPTYCH_CONSOLE=skip, or a checkout installed with
<code>pip install --editable</code>). The AWS endpoint works.</p>
<p>In the checkout, <code>make console</code> builds it; then restart the server.
<code>pip install .</code> brings it along.</p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str
    for_ever: bool
    """Whether its name says what it holds (a hash), so that nobody has to ask again."""


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page: nothing from elsewhere, no inline scripts, styles only with the nonce."""
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "font-src 'self' data:",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "object-src 'none'",
        ]
    )


class Pages:
    """Answers GETs for the console's files. What is not in the folder when it is read is not there."""

    def __init__(self, folder: Path, ids: Ids) -> None:
        self._ids = ids
        self._files: Mapping[str, _File] = {
            str(path.relative_to(folder)): _read(path, folder)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
        self._compressed: dict[str, bytes] = {}
        index = self._files.get("index.html")
        self._index = index.content.decode() if index else None

    @property
    def built(self) -> bool:
        return self._index is not None

    def reply(self, request: HttpRequest) -> Reply:
        """A file, the page, or the way there."""
        if request.method not in ("GET", "HEAD"):
            return _text(405, "GET only.")
        if request.path in ("/", "/console"):
            # Relative: the browser knows what prefix a proxy in front has put before us.
            return Reply(302, Headers([("location", "console/"), ("cache-control", "no-store")]))
        name = request.path.removeprefix("/console/")
        if name in ("", "index.html"):
            reply = self._page()
        elif file := self._files.get(name):
            reply = self._file(name, file, request)
        else:
            reply = _text(404, "No such file.")
        if request.method == "HEAD":
            size = str(len(reply.body)) if isinstance(reply.body, bytes) else "0"
            return Reply(reply.status, reply.headers.plus(("content-length", size)), b"")
        return reply

    def _page(self) -> Reply:
        nonce = self._ids.text(_NONCE_CHARACTERS)
        headers = Headers(
            [
                *_HEADERS,
                ("content-type", "text/html; charset=utf-8"),
                ("cache-control", "no-cache"),
                ("content-security-policy", policy(nonce)),
            ]
        )
        if self._index is None:
            return Reply(503, headers, _NOT_BUILT.encode())
        return Reply(200, headers, self._index.replace(NONCE_MARK, nonce).encode())

    def _file(self, name: str, file: _File, request: HttpRequest) -> Reply:
        forever = "public, max-age=31536000, immutable"
        headers = [
            *_HEADERS,
            ("content-type", file.media_type),
            ("cache-control", forever if file.for_ever else "no-cache"),
            ("etag", file.etag),
            ("vary", "accept-encoding"),
        ]
        if request.headers.get("if-none-match") == file.etag:
            return Reply(304, Headers(headers))
        worth_it = _TEXT.match(file.media_type) and len(file.content) > _SMALL_BYTES
        if not worth_it or "gzip" not in request.headers.get("accept-encoding"):
            return Reply(200, Headers(headers), file.content)
        if name not in self._compressed:
            self._compressed[name] = gzip.compress(file.content, 6, mtime=0)
        return Reply(200, Headers([*headers, ("content-encoding", "gzip")]), self._compressed[name])


def _read(path: Path, folder: Path) -> _File:
    content = path.read_bytes()
    media_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return _File(content, media_type, etag, path.relative_to(folder).parts[0] == "assets")


def _text(status: int, message: str) -> Reply:
    headers = [*_HEADERS, ("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
    return Reply(status, Headers(headers), message.encode())
