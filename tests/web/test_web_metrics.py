"""Metrics: browsed, graphed with math, computed in a query, taken to a dashboard; all of it in the address."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, expect


@pytest.fixture(scope="module")
def metrics(seeded) -> None:
    now = int(time.time())
    seeded.client("cloudwatch").put_metric_data(
        Namespace="Depot",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "Host", "Value": host}],
                "Timestamp": now - 60 * i,
                "Value": float(10 * i + len(host)),
            }
            for name in ("Load", "Errors")
            for host in ("a", "bb")
            for i in range(30)
        ],
    )


def write(editor: Locator, text: str) -> None:
    """By keyboard: filling a styled editor makes the browser write styles into it, which the policy refuses."""
    editor.click()
    editor.press("Control+a")
    editor.press("Delete")
    editor.press_sequentially(text)
    editor.press("Escape")


def graph(*series: object) -> str:
    return quote(json.dumps({"metrics": series}))


LOAD = ["Depot", "Load", "Host", "a", {"id": "m1"}]


def test_metrics_are_found_and_graphed(browse, metrics) -> None:
    console = browse("/metrics", "Metrics")
    page = console.page
    page.get_by_role("button", name=re.compile("^Depot 4 metrics")).click()
    page.get_by_role("button", name=re.compile("^Host 4 metrics")).click()
    page.get_by_role("checkbox", name="Graph Load a").check()
    page.get_by_role("checkbox", name="Graph Load bb").check()
    expect(page.get_by_role("img", name=re.compile("Load a between .* Load bb between"))).to_be_visible()
    page.get_by_role("searchbox", name="Search metrics").fill("err")
    expect(page.get_by_role("checkbox", name="Graph Load a")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Graph Errors a")).to_be_visible()
    console.check_both_modes()
    page.reload()
    expect(page.get_by_role("img", name=re.compile("Load a between .* Load bb between"))).to_be_visible()
    console.check()


def test_math_is_graphed_and_its_mistakes_are_shown_in_place(browse, metrics) -> None:
    console = browse(f"/metrics?tab=graphed&g={graph(LOAD)}", "Metrics")
    page = console.page
    page.get_by_role("button", name="Add expression").click()
    editor = page.get_by_role("textbox", name="Expression e1")
    write(editor, "m1 * 2")
    expect(page.get_by_role("img", name=re.compile(r"m1 \* 2 between"))).to_be_visible()
    write(editor, "SUMM(m1)")
    expect(page.get_by_text(re.compile("SUMM"), exact=False).last).to_be_visible()
    expect(page.locator(".cm-lintRange-error")).to_have_text("SUMM")
    console.check_both_modes()


def test_a_query_is_run_and_added(browse, metrics) -> None:
    console = browse(f"/metrics?tab=query&g={graph(LOAD)}", "Metrics")
    page = console.page
    editor = page.get_by_role("textbox", name="Metric math query")
    write(editor, "SUM(SEARCH('{Depot,Host} Errors', 'Sum', 60))")
    editor.press("Control+Enter")
    expect(page.get_by_role("img", name=re.compile(r"^Result: SUM\(SEARCH.* between"))).to_be_visible()
    page.get_by_role("button", name="Add to graph").click()
    expect(page).to_have_url(re.compile("SEARCH"))
    console.check_both_modes()


def test_a_select_is_run_and_its_mistakes_are_shown_in_place(browse, metrics) -> None:
    console = browse("/metrics?tab=query", "Metrics")
    page = console.page
    editor = page.get_by_role("textbox", name="Metric math query")
    write(editor, "SELECT MAX(Load) FROM SCHEMA(Depot, Host) GROUP BY Host")
    editor.press("Control+Enter")
    expect(page.get_by_role("img", name=re.compile("^Result: a between .* bb between"))).to_be_visible()
    page.get_by_role("button", name="Add to graph").click()
    expect(page).to_have_url(re.compile("SELECT"))
    console.check_both_modes()
    write(editor, "SELECT MOX(Load) FROM Depot")
    editor.press("Control+Enter")
    expect(page.locator(".cm-lintRange-error")).to_have_text("MOX")


def test_statistic_and_axis_are_in_the_address(browse, metrics) -> None:
    console = browse(f"/metrics?tab=graphed&g={graph(LOAD)}", "Metrics")
    page = console.page
    page.get_by_role("button", name=re.compile("Statistic of m1")).click()
    page.get_by_role("option", name="Maximum").click()
    expect(page).to_have_url(re.compile("Maximum"))
    page.get_by_role("tab", name="Options").click()
    page.get_by_role("button", name=re.compile("Shown as")).click()
    page.get_by_role("option", name="Number").click()
    expect(page).to_have_url(re.compile("singleValue"))
    console.check_both_modes()


def test_a_drag_zooms_the_range_of_the_console(browse, metrics) -> None:
    console = browse(f"/metrics?from=now-1h&to=now&g={graph(LOAD)}", "Metrics")
    page = console.page
    box = page.locator(".u-over").first.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=\d{13}&to=\d{13}"))
    console.check()


def test_a_graph_goes_to_a_dashboard(browse, metrics, seeded) -> None:
    console = browse(f"/metrics?g={graph(LOAD)}", "Metrics")
    page = console.page
    page.get_by_role("button", name="Actions", exact=True).first.click()
    page.get_by_role("menuitem", name="Add to dashboard").click()
    dialog = page.get_by_role("dialog", name="Add to a dashboard")
    dialog.get_by_role("combobox", name="Dashboard").fill("from-metrics")
    console.check_both_modes()
    dialog.get_by_role("button", name="Create and add").click()
    expect(page.get_by_text("Added to").first).to_be_visible()
    body = json.loads(
        seeded.client("cloudwatch").get_dashboard(DashboardName="from-metrics")["DashboardBody"]
    )
    assert body["widgets"][0]["properties"]["metrics"] == [["Depot", "Load", "Host", "a", {"id": "m1"}]]
    console.check()


def test_on_a_phone(browse, metrics) -> None:
    console = browse(f"/metrics?tab=graphed&g={graph(LOAD)}", "Metrics", width=412, height=900)
    expect(console.page.get_by_role("img", name=re.compile("Load between"))).to_be_visible()
    assert console.page.evaluate("document.documentElement.scrollWidth") <= 412
    console.check()
