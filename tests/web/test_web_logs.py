"""Logs: a query with its fields and its errors, live lines, what stands around one, a pattern tried."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import quote

from playwright.sync_api import expect


def group_page(seeded, tail: str = "") -> str:
    return f"/logs/groups/{quote(seeded.log_group, safe='')}{tail}"


def insights(seeded, query: str) -> str:
    return f"/logs/insights?groups={quote(seeded.log_group)}&q={quote(query)}"


def test_a_query_runs_narrows_and_is_exported(browse, seeded) -> None:
    console = browse(insights(seeded, "fields @timestamp, level | sort @timestamp desc"), "Logs Insights")
    page = console.page
    expect(page.get_by_text(re.compile(r"240 results · 240 of 240 events matched"))).to_be_visible()
    page.get_by_role("button", name="level", exact=True).click()
    page.get_by_role("button", name="Only level = ERROR").first.click()
    expect(page.get_by_text(re.compile(r"24 results · 24 of 240 events matched"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"filter"))
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == "@timestamp,level" and len(lines) == 25
    console.check_both_modes()


def test_a_long_query_says_how_far_it_is(browse, seeded) -> None:
    console = browse(None)
    page = console.page
    sofar = {"recordsScanned": 1234567.0, "bytesScanned": 5e6}
    held = True

    def hold(route, request) -> None:
        if held and request.headers.get("x-amz-target", "").endswith("GetQueryResults"):
            route.fulfill(json={"status": "Running", "results": [], "statistics": sofar})
        else:
            route.continue_()

    page.route("**/*", hold)
    console.open(insights(seeded, "fields level"), "Logs Insights")
    expect(
        page.get_by_text(re.compile(r"Running: 1.23 M events read so far, 4.77 MiB")).first
    ).to_be_visible()
    console.check_both_modes()
    held = False
    expect(page.get_by_text(re.compile(r"240 results · 240 of 240 events matched"))).to_be_visible()


def test_a_result_opens_with_all_its_fields(browse, seeded) -> None:
    console = browse(
        insights(seeded, 'filter level = "ERROR" | fields @timestamp, requestId'), "Logs Insights"
    )
    page = console.page
    page.get_by_role("region", name="Results", exact=True).get_by_role("button").first.click()
    expect(page.get_by_text("upload refused: bucket not encrypted").first).to_be_visible()
    page.get_by_role("link", name=re.compile("What stands around it in web-1")).click()
    expect(page.get_by_role("heading", level=1, name="web-1")).to_be_visible()
    expect(page.locator(".log-line-marked")).to_be_visible()
    console.check_both_modes()


def test_an_error_stands_where_it_is(browse, seeded) -> None:
    console = browse(insights(seeded, "fields @timestamp | statz count(*)"), "Logs Insights")
    page = console.page
    expect(page.locator(".cm-lintRange-error")).to_have_text(re.compile("statz"))
    editor = page.get_by_role("textbox", name="Query", exact=True)
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("stats count(*) as n by level")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile(r"^2 results"))).to_be_visible()
    console.check_both_modes()


def test_statistics_over_time_are_a_chart(browse, seeded) -> None:
    console = browse(insights(seeded, "stats count(*) as n by bin(30s), level"), "Logs Insights")
    expect(console.page.get_by_role("img", name=re.compile("^Query results"))).to_be_visible()
    console.check_both_modes()


def test_live_lines_appear_as_they_arrive(browse, seeded) -> None:
    group = "/app/live"
    logs = seeded.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    console = browse(f"/logs/tail?groups={quote(group)}&hl=alert", "Live Tail")
    page = console.page
    expect(page.get_by_text(re.compile("^Live for"))).to_be_visible()
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps({"text": "red alert"})}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    expect(page.get_by_role("region", name="Live lines").get_by_text("red")).to_be_visible()
    expect(page.locator("mark", has_text="alert")).to_be_visible()
    console.check_both_modes()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped")).to_be_visible()


def test_a_pattern_is_tried_while_it_is_written(browse, seeded) -> None:
    console = browse(group_page(seeded, "?tab=metric-filters"), seeded.log_group)
    page = console.page
    page.get_by_role("button", name="Create metric filter").first.click()
    form = page.get_by_role("dialog")
    expect(form.get_by_label("Try the pattern")).to_have_value(re.compile("requestId"))
    form.get_by_label("Filter pattern").fill('{ $.level = "ERROR" }')
    expect(form.get_by_text(re.compile(r"^\d+ lines? of 20 match"))).to_be_visible()
    expect(form.locator(".matched-lines li").first).to_have_text(re.compile("ERROR"))
    form.get_by_label("Filter pattern").fill("{ $.level = ")
    expect(form.get_by_text("The pattern cannot be read")).to_be_visible()
    console.check_both_modes()


def test_events_are_filtered_and_a_group_is_made_and_deleted(browse, seeded) -> None:
    console = browse(group_page(seeded, "/events?filter=%22refused%22"), "Events")
    page = console.page
    expect(page.get_by_text("24 events")).to_be_visible()
    console.check_both_modes()
    console.open("/logs/groups", "Log groups")
    page.get_by_role("button", name="Create log group").first.click()
    page.get_by_label("Name").fill("/made/here")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("link", name="/made/here")).to_be_visible()
    names = [g["logGroupName"] for g in seeded.client("logs").describe_log_groups()["logGroups"]]
    assert "/made/here" in names
    page.get_by_role("checkbox", name="Select /made/here").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="/made/here")).to_have_count(0)
    console.check_both_modes()
