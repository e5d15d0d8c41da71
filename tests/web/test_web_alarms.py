"""Alarms: the list and its filters, why one is in its state, the wizard with its backtest, changes."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

NAMESPACE = "Shop"
PERIODS = 60


@pytest.fixture(scope="module")
def alarms(seeded) -> None:
    """An hour of a metric, high in its second half and in the half hour to come, and alarms on it."""
    cloudwatch = seeded.client("cloudwatch")
    now = int(time.time())
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": "Latency",
                "Dimensions": [{"Name": "Service", "Value": "checkout"}],
                "Timestamp": now - (PERIODS - i) * 60,
                "Value": 900.0 if i >= PERIODS // 2 else 100.0,
            }
            for i in range(PERIODS + 30)
        ],
    )
    common = {
        "Namespace": NAMESPACE,
        "MetricName": "Latency",
        "Dimensions": [{"Name": "Service", "Value": "checkout"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    cloudwatch.put_metric_alarm(AlarmName="checkout-slow", Threshold=500, **common)
    cloudwatch.put_metric_alarm(AlarmName="checkout-dead", Threshold=100_000, **common)
    cloudwatch.set_alarm_state(AlarmName="checkout-slow", StateValue="ALARM", StateReason="seeded")
    cloudwatch.put_composite_alarm(AlarmName="checkout-broken", AlarmRule='ALARM("checkout-slow")')


def test_the_list_is_filtered_in_the_address(browse, alarms) -> None:
    console = browse("/alarms", "Alarms")
    page = console.page
    table = page.get_by_role("table", name="Alarms")
    expect(table.get_by_role("link", name="checkout-slow")).to_be_visible()
    search = page.get_by_role("combobox", name="Find alarms")
    search.fill("checkout-dead")
    search.press("Enter")
    expect(table.get_by_role("link", name="checkout-slow")).to_have_count(0)
    expect(page).to_have_url(re.compile("checkout-dead"))
    page.reload()
    expect(table.get_by_role("link", name="checkout-dead")).to_be_visible()
    expect(table.get_by_role("link", name="checkout-slow")).to_have_count(0)
    console.check_both_modes()


def test_why_an_alarm_is_in_its_state(browse, alarms) -> None:
    console = browse("/alarms/checkout-slow", "checkout-slow")
    page = console.page
    expect(page.get_by_role("img", name=re.compile("Latency > 500 for 2 of 3"))).to_be_visible()
    why = page.get_by_role("table", name="Periods of the last evaluation")
    expect(why.get_by_text("Breaching", exact=True).first).to_be_visible()
    expect(why.get_by_text("Counted").first).to_be_visible()
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_role("table", name="History").get_by_text("In alarm").first).to_be_visible()
    page.get_by_role("tab", name="Source").click()
    expect(page.get_by_text("put-metric-alarm").first).to_be_visible()
    console.check_both_modes()


def test_a_composite_alarm_shows_what_it_depends_on(browse, alarms) -> None:
    console = browse("/alarms/checkout-broken", "checkout-broken")
    expect(console.page.get_by_role("link", name="checkout-slow")).to_be_visible()
    expect(console.page.get_by_text(re.compile("The rule (holds|does not hold)"))).to_be_visible()
    console.check_both_modes()


def test_an_alarm_is_created_in_the_wizard(browse, alarms, seeded) -> None:
    console = browse("/alarms/new", "Create alarm")
    page = console.page
    page.get_by_role("button", name=re.compile(f"^{NAMESPACE} ")).click()
    page.get_by_role("button", name=re.compile("^Service ")).click()
    page.get_by_role("checkbox", name="Graph Latency checkout").check()
    expect(page.get_by_role("img", name=re.compile("^Metrics: Latency"))).to_be_visible()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Threshold", exact=True).fill("500")
    expect(page.get_by_text(re.compile("Would have fired once in the last"))).to_be_visible()
    console.check_both_modes()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("An alarm needs a name.")).to_be_visible()
    page.get_by_label("Alarm name").fill("made in the wizard")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Copy as").click()
    expect(page.get_by_text("--alarm-name 'made in the wizard'")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_role("heading", level=1, name="made in the wizard")).to_be_visible()
    made = seeded.client("cloudwatch").describe_alarms(AlarmNames=["made in the wizard"])["MetricAlarms"][0]
    assert (made["Threshold"], made["Statistic"], made["Namespace"]) == (500, "Average", NAMESPACE)
    console.check()


def test_an_alarm_on_what_is_expected_is_created_in_the_wizard(browse, alarms, seeded) -> None:
    console = browse("/alarms/new", "Create alarm")
    page = console.page
    page.get_by_role("button", name=re.compile(f"^{NAMESPACE} ")).click()
    page.get_by_role("button", name=re.compile("^Service ")).click()
    page.get_by_role("checkbox", name="Graph Latency checkout").check()
    expect(page.get_by_role("img", name=re.compile("^Metrics: Latency"))).to_be_visible()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("radio", name=re.compile("^Outside what is expected")).check()
    width = page.get_by_label("Standard deviations", exact=True)
    expect(width).to_have_value("2")
    width.fill("3")
    expect(page.get_by_text(re.compile("Would (not )?have fired|There is no data"))).to_be_visible()
    console.check_both_modes()
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
    page.get_by_label("Alarm name").fill("odd latency")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_role("heading", level=1, name="odd latency")).to_be_visible()
    expect(
        page.get_by_role("img", name=re.compile("Latency outside what is expected for 1 of 1"))
    ).to_be_visible()
    (made,) = seeded.client("cloudwatch").describe_alarms(AlarmNames=["odd latency"])["MetricAlarms"]
    band = next(each for each in made["Metrics"] if each["Id"] == made["ThresholdMetricId"])
    assert re.fullmatch(r"ANOMALY_DETECTION_BAND\(\w+, 3\)", band["Expression"])
    assert "Threshold" not in made
    page.get_by_role("button", name="Actions", exact=True).first.click()
    page.get_by_role("menuitem", name="Edit").click()
    expect(page.get_by_label("Standard deviations", exact=True)).to_have_value("3")
    console.check()


def test_alarms_are_combined_and_the_combination_changed(browse, alarms, seeded) -> None:
    console = browse("/alarms", "Alarms")
    page = console.page
    for name in ("checkout-slow", "checkout-dead"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("link", name="Combine 2").click()
    expect(page.get_by_role("heading", level=1, name="Create alarm")).to_be_visible()
    rule = page.get_by_role("textbox", name="Rule")
    expect(rule).to_contain_text('ALARM("checkout-dead")')
    expect(page.get_by_role("link", name="checkout-slow")).to_be_visible()
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_text("An alarm needs a name.")).to_be_visible()
    console.check_both_modes()
    page.get_by_label("Alarm name").fill("combined")
    rule.click()
    rule.press("Control+End")
    rule.press_sequentially(" AND")
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_text("Error in AlarmRule").first).to_be_visible()
    rule.click()
    rule.press("Control+End")
    rule.press_sequentially(' NOT OK("checkout-br')
    page.get_by_role("option", name="checkout-broken").click()
    expect(rule).to_contain_text('AND NOT OK("checkout-broken")')
    page.get_by_role("button", name="Create alarm").click()
    expect(page.get_by_role("heading", level=1, name="combined")).to_be_visible()

    def made() -> dict:
        found = seeded.client("cloudwatch").describe_alarms(
            AlarmNames=["combined"], AlarmTypes=["CompositeAlarm"]
        )
        return found["CompositeAlarms"][0]

    assert made()["AlarmRule"].endswith('ALARM("checkout-dead") AND NOT OK("checkout-broken")')
    page.get_by_role("button", name="Actions", exact=True).first.click()
    page.get_by_role("menuitem", name="Edit").click()
    expect(page.get_by_role("heading", level=1, name="Edit combined")).to_be_visible()
    page.get_by_label("Suppressed by").fill("checkout-dead")
    page.get_by_label("Wait period").fill("30")
    page.get_by_role("button", name="Save alarm").click()
    expect(page.get_by_role("heading", level=1, name="combined", exact=True)).to_be_visible()
    assert (made()["ActionsSuppressor"], made()["ActionsSuppressorWaitPeriod"]) == ("checkout-dead", 30)
    console.check()


def test_actions_of_several_alarms_are_disabled_at_once(browse, alarms, seeded) -> None:
    console = browse("/alarms", "Alarms")
    page = console.page
    names = ["checkout-slow", "checkout-dead"]
    for name in names:
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Actions", exact=True).first.click()
    page.get_by_role("menuitem", name="Disable actions").click()
    dialog = page.get_by_role("dialog", name="Disable actions")
    dialog.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Actions of 2 alarms are disabled.").first).to_be_visible()
    listed = seeded.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert [alarm["ActionsEnabled"] for alarm in listed] == [False, False]
    console.check()


def test_an_alarm_is_deleted_after_a_question(browse, alarms, seeded) -> None:
    cloudwatch = seeded.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="to be deleted",
        Namespace=NAMESPACE,
        MetricName="Latency",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    console = browse("/alarms/to%20be%20deleted", "to be deleted")
    page = console.page
    page.get_by_role("button", name="Actions", exact=True).first.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1, name="Alarms")).to_be_visible()
    assert cloudwatch.describe_alarms(AlarmNames=["to be deleted"])["MetricAlarms"] == []
    console.check()


def test_on_a_phone(browse, alarms) -> None:
    for path, title in (("/alarms", "Alarms"), ("/alarms/checkout-slow", "checkout-slow")):
        console = browse(path, title, width=412, height=900)
        assert console.page.evaluate("document.documentElement.scrollWidth") <= 412
        console.check()
