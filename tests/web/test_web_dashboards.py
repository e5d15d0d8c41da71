"""Dashboards: made, looked at, edited by keyboard, saved without losing what the console does not know."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

METRIC = ["Board", "Load", "Host", "a"]


def body(bucket_log: str) -> dict[str, Any]:
    region = "us-east-1"
    return {
        "start": "-PT1H",
        "widgets": [
            {
                "type": "text",
                "x": 0,
                "y": 0,
                "width": 24,
                "height": 2,
                "properties": {"markdown": "# Notes\n<script>no</script> **bold**"},
            },
            {
                "type": "metric",
                "x": 0,
                "y": 2,
                "width": 12,
                "height": 6,
                "properties": {
                    "title": "Load",
                    "region": region,
                    "metrics": [METRIC],
                    "later": {"kept": True},
                },
            },
            {
                "type": "log",
                "x": 12,
                "y": 2,
                "width": 12,
                "height": 6,
                "properties": {
                    "title": "Refused",
                    "region": region,
                    "query": f"SOURCE '{bucket_log}' | filter level = 'ERROR' | stats count(*) as refused",
                    "view": "table",
                },
            },
            {"type": "explorer", "x": 0, "y": 8, "width": 8, "height": 3, "properties": {"labels": []}},
        ],
    }


@pytest.fixture(scope="module")
def boards(seeded) -> dict[str, Any]:
    cloudwatch = seeded.client("cloudwatch")
    now = int(time.time())
    cloudwatch.put_metric_data(
        Namespace="Board",
        MetricData=[
            {
                "MetricName": "Load",
                "Dimensions": [{"Name": "Host", "Value": "a"}],
                "Timestamp": now - 60 * i,
                "Value": float(i),
            }
            for i in range(30)
        ],
    )
    made = body(seeded.log_group)
    cloudwatch.put_dashboard(DashboardName="shown", DashboardBody=json.dumps(made))
    cloudwatch.put_dashboard(DashboardName="edited", DashboardBody=json.dumps(made))
    return made


def stored(seeded, name: str) -> dict[str, Any]:
    reply = seeded.client("cloudwatch").get_dashboard(DashboardName=name)
    read: dict[str, Any] = json.loads(reply["DashboardBody"])
    return read


def test_a_dashboard_shows_its_widgets(browse, boards) -> None:
    console = browse("/dashboards/shown", "shown")
    page = console.page
    expect(page.get_by_role("img", name=re.compile("^Load: Load between"))).to_be_visible()
    expect(page.get_by_role("table", name="Refused").get_by_text("24", exact=True)).to_be_visible()
    expect(page.get_by_text("<script>no</script>")).to_be_visible()
    expect(page.get_by_text("Widgets of type “explorer” are not drawn here.")).to_be_visible()
    expect(page).to_have_url(re.compile("from=now-1h&to=now"))
    console.check_both_modes()


def test_a_widget_is_moved_and_resized_by_keyboard(browse, boards, seeded) -> None:
    console = browse("/dashboards/edited?edit=1", "edited")
    page = console.page
    page.get_by_role("button", name="Move Load", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("status").get_by_text("Load: column 1, row 4, 12 wide, 6 high")).to_be_attached()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.get_by_role("status").get_by_text("Load: column 1, row 4, 11 wide, 6 high")).to_be_attached()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.get_by_role("status").get_by_text("10 wide")).to_be_attached()
    page.keyboard.press("Control+z")
    console.check_both_modes()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Dashboard edited is saved.").first).to_be_visible()
    before, after = boards, stored(seeded, "edited")
    assert after["start"] == before["start"]
    moved = {**before["widgets"][1], "y": 3, "width": 11}
    pushed = {**before["widgets"][3], "y": 9}
    assert after["widgets"] == [before["widgets"][0], moved, before["widgets"][2], pushed]
    console.check()


def test_changes_are_not_left_behind_without_a_question(browse, boards) -> None:
    console = browse("/dashboards/shown?edit=1", "shown")
    page = console.page
    page.get_by_role("button", name="Remove Refused").click()
    page.get_by_role("link", name="Dashboards").first.click()
    dialog = page.get_by_role("dialog", name="Leave without saving")
    dialog.get_by_role("button", name="Stay").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("table", name="Refused")).to_be_visible()
    page.get_by_role("link", name="Dashboards").first.click()
    expect(page.get_by_role("heading", level=1, name="Dashboards")).to_be_visible()
    console.check()


def test_a_dashboard_is_made_with_a_text_and_a_graph(browse, boards, seeded) -> None:
    console = browse("/dashboards", "Dashboards")
    page = console.page
    console.check_both_modes()
    page.get_by_role("button", name="Create dashboard").click()
    page.get_by_role("dialog").get_by_label("Name").fill("made")
    page.get_by_role("dialog").get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="made")).to_be_visible()
    page.get_by_role("button", name="Add widget").first.click()
    page.get_by_role("menuitem", name="Text").click()
    page.get_by_label("Markdown").fill("# Written here")
    expect(page.get_by_role("article", name="Written here")).to_be_visible()
    page.get_by_role("button", name="Add widget").first.click()
    page.get_by_role("menuitem", name="Line").click()
    page.get_by_role("button", name=re.compile("^Board ")).click()
    page.get_by_role("button", name=re.compile("^Host ")).click()
    page.get_by_role("checkbox", name="Graph Load a").check()
    expect(page.get_by_role("img", name=re.compile("^Graph: Load between"))).to_be_visible()
    console.check_both_modes()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Dashboard made is saved.").first).to_be_visible()
    types = [widget["type"] for widget in stored(seeded, "made")["widgets"]]
    assert types == ["text", "metric"]
    console.check()


def test_what_the_server_says_of_a_body_is_shown_in_the_source(browse, boards) -> None:
    console = browse("/dashboards/shown?edit=1", "shown")
    page = console.page
    page.get_by_role("button", name="Add widget").first.click()
    page.get_by_role("menuitem", name="Line").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("/widgets/4/properties").first).to_be_visible()
    page.get_by_role("button", name="Show in the source").click()
    expect(page.get_by_role("dialog").get_by_text(re.compile("metrics")).last).to_be_visible()
    expect(page.locator(".cm-lintRange-warning").first).to_be_attached()
    console.check()


def test_on_a_phone(browse, boards) -> None:
    console = browse("/dashboards/shown", "shown", width=412, height=900)
    expect(console.page.get_by_role("img", name=re.compile("^Load: Load between"))).to_be_visible()
    assert console.page.evaluate("document.documentElement.scrollWidth") <= 412
    console.check_both_modes()


def test_a_widget_is_dragged_by_mouse_and_others_give_way(browse, boards, eventually) -> None:
    console = browse("/dashboards/shown?edit=1", "shown")
    page = console.page
    handle = page.get_by_role("button", name="Move Refused", exact=True)
    box = handle.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] - 200, box["y"] + 80, steps=8)
    page.mouse.up()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()

    def apart() -> bool:
        boxes = [page.get_by_role("article", name=name).bounding_box() for name in ("Load", "Refused")]
        (upper, lower) = sorted((each for each in boxes if each), key=lambda each: each["y"])
        return upper["y"] + upper["height"] <= lower["y"]

    eventually(apart, what="the two to be one below the other, for they glide there")
    console.check()
