"""The incident page in a browser: from the timeline's data to a page that can be used, with 2,000 items.

    python bench/console.py [--calls 2000] [--rounds 5]

A server of its own with real calls on it (CreateLogGroup); Debian's Chromium, headless, drawing in software. Usable is
the second frame after the first mark of the lanes: what is there can be clicked. The data's end is the browser's own
(Resource Timing), so the server's work is not in it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from playwright.sync_api import Page, expect, sync_playwright

from triptych.testing.server import running_server

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "web"))

from browser import ARGUMENTS, CHROMIUM, Console

WATCH = """
const look = () => {
  if (!document.querySelector("[aria-label^='Items on the timeline'] button")) return requestAnimationFrame(look);
  requestAnimationFrame(() => requestAnimationFrame(() => { window.__usable = performance.now(); }));
};
requestAnimationFrame(look);
"""
TOOK = """() => {
  const data = performance.getEntriesByType('resource').find((e) => e.name.includes('/console/api/timeline'));
  return window.__usable && data ? window.__usable - data.responseEnd : 0;
}"""
ITEMS = """() => {
  const data = performance.getEntriesByType('resource').find((e) => e.name.includes('/console/api/timeline'));
  return fetch(data.name).then((r) => r.json()).then((t) => t.lanes.reduce((n, lane) => n + lane.items.length, 0));
}"""


def seed(url: str, calls: int) -> None:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=8)
    logs = boto3.client("logs", endpoint_url=url, region_name="us-east-1", config=config, **keys)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: logs.create_log_group(logGroupName=f"g{i}"), range(calls)))


def once(page: Page) -> float:
    """Milliseconds from the data to the page."""
    page.reload()
    expect(page.locator("[aria-label^='Items on the timeline'] button").first).to_be_visible()
    took = 0.0
    while not took:
        page.wait_for_timeout(20)
        took = float(page.evaluate(TOOK))
    return took


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser: Any = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        for calls in (1, given.calls):
            if calls > 1:
                seed(server.url, calls)
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            console = Console(context.new_page(), server.url)
            console.open("/incident?from=now-1h&to=now", "Incident timeline" if calls == 1 else None)
            console.page.add_init_script(WATCH)
            took = [once(console.page) for _ in range(given.rounds)]
            items = console.page.evaluate(ITEMS)
            print(f"{items} items: {statistics.median(took):.0f} ms ({min(took):.0f} to {max(took):.0f})")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
