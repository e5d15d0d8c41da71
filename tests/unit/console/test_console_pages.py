"""The console's files: what is served how, and what is said where they were not built."""

from __future__ import annotations

import gzip
import random
import re
from pathlib import Path

import pytest

from triptych.console.static import Pages, policy
from triptych.kernel.ids import Ids
from triptych.wire.message import Headers, HttpRequest

INDEX = '<meta name="csp-nonce" content="%CSP_NONCE%" /><script type="module" src="./assets/main-1a2b.js"></script>'
SCRIPT = "export const a = 1;\n" * 200


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "assets" / "main-1a2b.js").write_text(SCRIPT)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / ".stamp").write_text("secret to nobody")
    return Pages(tmp_path, Ids(random.Random(1)))


def get(pages: Pages, path: str, method: str = "GET", **headers: str):
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return pages.reply(HttpRequest(method, path, headers=fields))


def test_every_page_has_a_nonce_of_its_own(pages: Pages) -> None:
    seen = set()
    for path in ("/console/", "/console/index.html", "/console/"):
        reply = get(pages, path)
        assert reply.status == 200
        nonce = re.search(rb'content="([A-Za-z0-9]{22})"', reply.body)[1].decode()
        assert reply.headers.get("content-security-policy") == policy(nonce)
        assert reply.headers.get("cache-control") == "no-cache"
        seen.add(nonce)
    assert len(seen) == 3


def test_the_policy_lets_nothing_in(pages: Pages) -> None:
    text = policy("n")
    assert "unsafe" not in text
    for directive in ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert directive in text.split("; ")


def test_assets_are_for_ever_and_compressed_once(pages: Pages) -> None:
    reply = get(pages, "/console/assets/main-1a2b.js", accept_encoding="gzip, br")
    assert reply.headers.get("content-encoding") == "gzip"
    assert gzip.decompress(reply.body).decode() == SCRIPT
    assert reply.headers.get("cache-control") == "public, max-age=31536000, immutable"
    assert reply.headers.get("content-type") == "text/javascript; charset=utf-8"
    again = get(pages, "/console/assets/main-1a2b.js", accept_encoding="gzip")
    assert again.body is reply.body
    plain = get(pages, "/console/assets/main-1a2b.js")
    assert plain.body.decode() == SCRIPT
    head = get(pages, "/console/assets/main-1a2b.js", method="HEAD")
    assert (head.body, head.headers.get("content-length")) == (b"", str(len(SCRIPT)))
    icon = get(pages, "/console/favicon.svg")
    assert icon.headers.get("cache-control") == "no-cache"
    assert get(pages, "/console/favicon.svg", if_none_match=icon.headers.get("etag")).status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/console/../app.py",
        "/console/..%2fapp.py",
        "/console//etc/passwd",
        "/console/assets/",
        "/console/.stamp",
        "/console/assets/../index.html",
    ],
)
def test_nothing_but_the_built_files(pages: Pages, path: str) -> None:
    assert get(pages, path).status == 404


def test_only_reading(pages: Pages) -> None:
    assert get(pages, "/console/", method="POST").status == 405


def test_the_way_to_the_page_survives_a_prefix_of_a_proxy(pages: Pages) -> None:
    for path in ("/", "/console"):
        reply = get(pages, path)
        assert (reply.status, reply.headers.get("location")) == (302, "console/")


def test_a_console_that_was_not_built_says_how(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "nothing", Ids(random.Random(1)))
    assert not pages.built
    reply = get(pages, "/console/")
    assert reply.status == 503
    assert b"make console" in reply.body
    assert "default-src" in reply.headers.get("content-security-policy")
