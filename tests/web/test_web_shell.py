"""Signing in, the frame of every page, and settings."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_wrong_keys_get_a_clear_message(browse) -> None:
    console = browse(None)
    page = console.page
    page.goto(f"{console.url}/console/")
    page.get_by_label("Access key id").fill("test")
    page.get_by_label("Secret access key").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(
        page.get_by_text("The secret access key does not belong to this access key.").first
    ).to_be_visible()
    console.check_both_modes()


def test_signing_in_leads_to_the_page_that_was_asked_for(browse, seeded) -> None:
    console = browse("/settings?tab=session", "Settings")
    expect(console.page.get_by_role("tabpanel").get_by_text(f"{seeded.story.account}:root")).to_be_visible()
    console.page.reload()
    expect(console.page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    console.check_both_modes()


def test_signing_out_ends_the_session(browse) -> None:
    console = browse("/settings", "Settings")
    page = console.page
    page.get_by_role("button", name=re.compile("^Account")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_label("Access key id")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Access key id")).to_be_visible()
    console.check()


def test_on_a_phone_nothing_is_wider_than_the_screen(browse) -> None:
    console = browse("/settings", "Settings", width=412, height=900)
    width = console.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 412
    console.check_both_modes()


def test_region_and_range_stay_when_pages_change(browse) -> None:
    console = browse("/settings?region=eu-west-1&from=now-1h&to=now", "Settings")
    console.page.get_by_role("link", name="Triptych").first.click()
    expect(console.page).to_have_url(re.compile(r"region=eu-west-1.*from=now-1h"))
    console.check()
