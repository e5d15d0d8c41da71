"""The server goes away and comes back, and a session ends, while a page is open."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from triptych.testing.server import ServerProcess


@pytest.fixture
def server(seeded, tmp_path):
    # ``seeded`` only for its reasons to skip: this server is stopped.
    process = ServerProcess(tmp_path / "outage")
    process.start()
    yield process
    process.stop()


def test_a_page_says_that_nobody_answers_and_goes_on_by_itself(chromium, server) -> None:
    from browser import Console

    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    console = Console(context.new_page(), server.url)
    page = console.open("/alarms", "Alarms")
    server.kill()
    page.get_by_role("link", name="Log groups").click()
    expect(page.get_by_text("The server does not answer").first).to_be_visible()
    server.start()
    expect(page.get_by_text("The server does not answer")).to_have_count(0)
    expect(page.get_by_text("No log groups").first).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    context.clear_cookies()
    page.get_by_role("link", name="Trails").click()
    expect(page.get_by_text("The session has ended.")).to_be_visible()
    console.sign_in()
    expect(page).to_have_url(re.compile("#/trails"))
    expect(page.get_by_role("heading", level=1, name="Trails")).to_be_visible()
    context.close()
