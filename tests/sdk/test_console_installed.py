"""The console as it is installed: in the wheel, and over the wire."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from console_client import Browser
from triptych.testing.server import ServerProcess

ROOT = Path(__file__).parents[2]


def build_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("console_build", ROOT / "web" / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built() -> None:
    if not build_module().is_fresh():
        if os.environ.get("TEST_REQUIRE_BROWSER"):
            pytest.fail("the console is not built from these sources; run `make console`")
        pytest.skip("the console is not built from these sources (`make console`)")


def links(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="\./([^"]+)"', page)


def test_a_browser_finds_the_console_and_aws_clients_do_not(server: ServerProcess) -> None:
    browser = Browser(server.port)
    sent = browser.send("GET", "/", headers={"accept": "text/html,application/xhtml+xml"})
    assert (sent.status, sent.headers["location"]) == (302, "console/")
    assert browser.send("GET", "/").status == 403, "ListBuckets without a signature"
    assert browser.send("GET", "/", headers={"accept": "text/html", "host": "bucket.localhost"}).status != 302
    page = browser.send("GET", "/console/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.status in (200, 503)


@pytest.mark.usefixtures("built")
def test_everything_the_page_names_is_served(server: ServerProcess) -> None:
    browser = Browser(server.port)
    page = browser.send("GET", "/console/")
    assert page.status == 200
    assert b"%CSP_NONCE%" not in page.body
    named = links(page.body.decode())
    assert any(name.endswith(".js") for name in named)
    for name in named:
        assert browser.send("GET", f"/console/{name}").status == 200, name
    licences = browser.send("GET", "/console/THIRD-PARTY-LICENSES.txt")
    assert b"react 19" in licences.body
    assert b"@cloudscape-design/components" in licences.body


@pytest.mark.usefixtures("built")
def test_the_wheel_brings_the_console(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={k: v for k, v in os.environ.items() if k != "TRIPTYCH_CONSOLE"},
    )
    assert made.returncode == 0, made.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        page = archive.read("triptych/_console/index.html").decode()
    assert "triptych/_console/THIRD-PARTY-LICENSES.txt" in names
    for name in links(page):
        assert f"triptych/_console/{name}" in names


def test_sources_and_stamp(tmp_path: Path) -> None:
    build = build_module()
    web, made = tmp_path / "web", tmp_path / "made"
    (web / "src").mkdir(parents=True)
    (web / "index.html").write_text("<p>")
    (web / "src" / "main.ts").write_text("1")
    made.mkdir()
    (made / "index.html").write_text("<p>")
    assert not build.is_fresh(web, made)
    (made / ".stamp").write_text(build.stamp(web))
    assert build.is_fresh(web, made)
    (web / "tests").mkdir()
    (web / "tests" / "a.test.ts").write_text("tests are no source of the pages")
    assert build.is_fresh(web, made)
    (web / "src" / "main.ts").write_text("2")
    assert not build.is_fresh(web, made)


def test_a_failed_build_is_loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = build_module()
    monkeypatch.setattr(build, "node", lambda: None)
    with pytest.raises(build.BuildFailed, match=r"Node 20\.19.*TRIPTYCH_CONSOLE=skip"):
        build.npm(["ci"], tmp_path)
