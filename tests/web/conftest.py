"""One seeded server for all tests of the console, and a browser for each file.

Seeded through boto3, as anybody would: the demo's story (a bucket's encryption switched off, seen, judged, repaired,
an alarm), and logs to look into. Skipped with a reason where Chromium or the built console is missing; with
TEST_REQUIRE_BROWSER=1 that is a failure.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from triptych.console.static import BUILT
from triptych.demo.story import Story
from triptych.testing.server import ServerProcess, running_server

SETTINGS = {"INTERVALS__CONFIG_SWEEP_SECONDS": "3600", "INTERVALS__TRAIL_DELIVERY_SECONDS": "1"}
LOG_GROUP = "/app/payroll"


@dataclass(frozen=True)
class Seeded:
    """The server and what is on it. ``result``: the story's (record, chain, ...)."""

    server: ServerProcess
    story: Story
    result: dict[str, Any]
    log_group: str = LOG_GROUP

    @property
    def url(self) -> str:
        return self.server.url

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def _missing() -> str:
    from browser import AXE, CHROMIUM

    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    for what, there in {
        "Chromium (apt install chromium-headless-shell)": CHROMIUM.exists(),
        "the built console (make console)": (BUILT / "index.html").exists(),
        "axe-core (npm ci in web/)": AXE.exists(),
    }.items():
        if not there:
            return f"{what} is missing"
    return ""


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    if missing := _missing():
        if os.environ.get("TEST_REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with running_server(tmp_path_factory.mktemp("console"), settings=SETTINGS) as server:
        story = Story(url=server.url, access_key_id="test", secret_access_key="test", region="us-east-1")
        for _ in story.tell():
            pass
        made = Seeded(server, story, story.result())
        _write_logs(made)
        yield made


def _write_logs(seeded: Seeded) -> None:
    """Two minutes of a service's lines, a tenth of them errors; all within the last minutes."""
    import json
    import time

    logs = seeded.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName="web-1")
    now = int(time.time() * 1000)
    lines = [
        {
            "level": "ERROR" if i % 10 == 0 else "INFO",
            "message": "upload refused: bucket not encrypted" if i % 10 == 0 else "request served",
            "bucket": seeded.story.bucket,
            "requestId": f"req-{i:04d}",
            "latency": 20 + i % 37,
        }
        for i in range(240)
    ]
    logs.put_log_events(
        logGroupName=LOG_GROUP,
        logStreamName="web-1",
        logEvents=[
            {"timestamp": now - (240 - i) * 500, "message": json.dumps(line)} for i, line in enumerate(lines)
        ],
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    # Per file: while it lives, Playwright's own loop keeps others from starting theirs in this thread.
    from browser import ARGUMENTS, CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def browse(seeded: Seeded, chromium: Any) -> Iterator[Callable[..., Any]]:
    """``browse("/alarms", "Alarms")`` -> a Console on that page, signed in; ``width=412`` for a phone."""
    from browser import Console

    contexts = []

    def go(
        path: str | None = "/", title: str | None = None, *, width: int = 1440, height: int = 900
    ) -> Console:
        context = chromium.new_context(viewport={"width": width, "height": height}, timezone_id="UTC")
        contexts.append(context)
        console = Console(context.new_page(), seeded.url)
        if path is not None:
            console.open(path, title)
        return console

    yield go
    for context in contexts:
        context.close()
