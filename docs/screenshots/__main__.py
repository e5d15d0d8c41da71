"""The guide's pictures, made anew: ``make screenshots``, or ``python docs/screenshots [name ...]``.

A server of its own with a scene on it (``scene``), Debian's Chromium, one PNG for every picture of ``pages`` in
docs/images. Times in the pictures are the run's own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

DOCS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(DOCS.parent / "tests" / "web"))

from browser import ARGUMENTS, CHROMIUM, Console  # noqa: E402
from pages import Picture, pictures  # noqa: E402
from png import smaller  # noqa: E402
from scene import Scene  # noqa: E402

from triptych.testing.server import running_server  # noqa: E402

WIDTH = 1440
PHONE = (412, 860)
SETTINGS = {"INTERVALS__CONFIG_SWEEP_SECONDS": "3600", "INTERVALS__TRAIL_DELIVERY_SECONDS": "60"}
STILL_MS = 400
"""So long nothing must change before a picture is taken."""
LOADING = "[class*='circle-left'], [class*='status-loading'], [class*='icon_spinner']"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these pictures")
    parser.add_argument("--into", type=Path, default=DOCS / "images")
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder), settings=SETTINGS) as server:
        scene = Scene(server.url)
        print("Playing the scene, about five minutes ...")
        with scene.played(), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            session = signed_in(browser, server.url)
            for picture in pictures(scene):
                if not given.names or picture.name in given.names:
                    shoot(browser, server.url, session, picture, given.into)
            browser.close()
    total = sum(file.stat().st_size for file in given.into.glob("*.png"))
    print(f"{len(list(given.into.glob('*.png')))} pictures, {total // 1024} KB")


def signed_in(browser: Any, url: str) -> Any:
    """A session for all pictures: one sign-in is one event in the history."""
    context = browser.new_context()
    Console(context.new_page(), url).open("/settings", "Settings")
    session = context.storage_state()
    context.close()
    return session


def shoot(browser: Any, url: str, session: Any, picture: Picture, into: Path) -> None:
    """The picture in its modes and sizes."""
    for suffix, size, dark in (
        ("", (WIDTH, picture.height), False),
        *([("-dark", (WIDTH, picture.height), True)] if picture.dark else []),
        *([("-phone", PHONE, False)] if picture.phone else []),
    ):
        width, height = size
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, timezone_id="UTC", storage_state=session)
        console = Console(context.new_page(), url)
        console.dark(dark)
        console.open(picture.address, picture.heading)
        picture.steps(console.page)
        image = smaller(still(console.page))
        (into / f"{picture.name}{suffix}.png").write_bytes(image)
        print(f"{picture.name}{suffix} {len(image) // 1024} KB", *console.complaints)
        context.close()


def still(page: Page) -> bytes:
    """A picture of the page once it has stopped loading and changing."""
    before = b""
    for _ in range(20):
        page.wait_for_timeout(STILL_MS)
        expect(page.locator(LOADING)).to_have_count(0)
        now = page.screenshot(animations="disabled", caret="hide")
        if now == before:
            break
        before = now
    return before


if __name__ == "__main__":
    main()
