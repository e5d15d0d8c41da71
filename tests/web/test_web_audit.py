"""The audit trail: many filters at once, an event's details and what leads on from it, two compared, trails."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from playwright.sync_api import expect


def filters(*given: tuple[str, str]) -> str:
    return quote(json.dumps([{"field": field, "op": "=", "value": value} for field, value in given]))


def test_changes_come_first_and_reads_on_demand(browse) -> None:
    # The server is everybody's: by words, or what was done since (deliveries, above all) fills the first page.
    console = browse("/events?text=BucketEncryption", "Event history")
    page = console.page
    token = page.get_by_role("group", name=re.compile("Read-only")).first
    expect(token).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("DeleteBucketEncryption")).first).to_be_visible()
    token.get_by_role("button", name=re.compile("Remove")).click()
    expect(page.get_by_text("Calls that only read are shown too.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"f=%5B%5D"))
    console.check_both_modes()


def test_two_filters_find_the_slip_and_lead_on(browse, seeded) -> None:
    given = filters(("username", seeded.story.junior_name), ("eventName", "DeleteBucketEncryption"))
    console = browse(f"/events?f={given}", "Event history")
    page = console.page
    expect(page.get_by_text("1 event", exact=True).first).to_be_visible()
    page.get_by_role("link", name=re.compile("^DeleteBucketEncryption at")).click()
    panel = page.get_by_role("region", name="DeleteBucketEncryption")
    expect(panel.get_by_text("127.0.0.1").first).to_be_visible()
    page.get_by_role("tab", name="Request").click()
    expect(page.get_by_role("tabpanel").get_by_text(f'"bucketName": "{seeded.story.bucket}"')).to_be_visible()
    page.get_by_role("tab", name=re.compile("Resources")).click()
    console.check_both_modes()
    page.get_by_role("link", name=f"Configuration timeline of {seeded.story.bucket}").click()
    expect(page.get_by_role("heading", level=1, name=seeded.story.bucket)).to_be_visible()


def test_a_count_narrows_the_search(browse, seeded) -> None:
    console = browse(f"/events?f={filters(('username', seeded.story.junior_name))}", "Event history")
    page = console.page
    page.get_by_role("button", name="Only errorCode = AccessDenied").click()
    expect(page.get_by_role("link", name=re.compile("^GetObject at")).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^DeleteBucketEncryption at"))).to_have_count(0)
    console.check()


def test_two_events_are_compared(browse, seeded) -> None:
    made = filters(("eventName", "CreateBucket"))
    console = browse(f"/events?f={made}", "Event history")
    page = console.page
    boxes = page.get_by_role("checkbox", name=re.compile("^Select CreateBucket"))
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Compare both").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("requestParameters.bucketName")).to_be_visible()
    expect(dialog.get_by_role("table").get_by_text(seeded.story.bucket).first).to_be_visible()
    console.check_both_modes()


def test_an_event_has_a_page_of_its_own(browse, seeded) -> None:
    event = seeded.result["record"]["eventID"]
    console = browse(f"/events/{event}", "DeleteBucketEncryption")
    expect(console.page.get_by_text(event).first).to_be_visible()
    console.check_both_modes()


def test_a_trail_is_stopped_and_started(browse, seeded) -> None:
    name = f"demo-{seeded.story.suffix}"
    console = browse("/trails", "Trails")
    page = console.page
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.get_by_text("Management events, reads and changes")).to_be_visible()
    console.check_both_modes()
    page.get_by_role("button", name="Stop logging").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop logging").click()
    expect(page.get_by_role("button", name="Start logging")).to_be_visible()
    assert not seeded.client("cloudtrail").get_trail_status(Name=name)["IsLogging"]
    page.get_by_role("button", name="Start logging").click()
    page.get_by_role("dialog").get_by_role("button", name="Start logging").click()
    expect(page.get_by_role("button", name="Stop logging")).to_be_visible()
    assert seeded.client("cloudtrail").get_trail_status(Name=name)["IsLogging"]
