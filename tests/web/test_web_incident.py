"""From the overview to the incident, its cause, what it changed and what repaired it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def alarm(seeded) -> str:
    """The alarm that went off in the story."""
    names = [a["AlarmName"] for a in seeded.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    return next(name for name in names if name.startswith("access-denied"))


def test_overview_leads_to_the_incident_and_to_its_cause(browse, seeded, alarm: str) -> None:
    console = browse("/", "Overview")
    page = console.page
    expect(page.get_by_text("Recent changes", exact=True)).to_be_visible()
    changes = page.get_by_role("table", name="Recent changes").get_by_role("link", name="Investigate")
    expect(changes.first).to_be_visible()
    console.check_both_modes()

    page.get_by_role("link", name="Incidents").click()
    page.get_by_role("link", name=alarm).first.click()
    expect(page.get_by_role("heading", level=1, name=f"Alarm {alarm}")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("AccessDenied.*between 0 and 1"))).to_be_visible()
    cause = page.get_by_role("button", name=re.compile("junior-developer: s3:DeleteBucketEncryption"))
    cause.first.click()
    expect(page).to_have_url(re.compile(r"item="))
    panel = page.get_by_role("region", name=re.compile("junior-developer: s3:DeleteBucketEncryption"))
    expect(panel.get_by_text("127.0.0.1")).to_be_visible()
    expect(panel.get_by_role("table", name="Changed properties")).to_contain_text("AES256")
    console.check_both_modes()


def test_a_resource_has_a_certain_cause_and_what_repaired_it(browse, seeded) -> None:
    console = browse(f"/incident?resource=AWS::S3::Bucket/{seeded.story.bucket}")
    page = console.page
    expect(page.get_by_text("certain", exact=True).first).to_be_visible()
    expect(page.get_by_text(re.compile("repaired 20"))).to_be_visible()
    group = page.get_by_role("group", name=re.compile("Items on the timeline"))
    expect(group.get_by_role("button").first).to_be_visible()
    page.get_by_role("button", name="Fit to items").click()
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+|to=\d+&from=\d+"))
    page.get_by_role("button", name="Show all of it").click()
    expect(page).not_to_have_url(re.compile(r"from="))
    console.check()


def test_arrow_keys_step_from_item_to_item(browse, seeded) -> None:
    console = browse(f"/incident?resource=AWS::S3::Bucket/{seeded.story.bucket}")
    page = console.page
    group = page.get_by_role("group", name=re.compile("Items on the timeline"))
    group.get_by_role("button").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(re.compile(r"^1 of \d+$"))).to_be_visible()
    page.get_by_role("button", name="Next item").click()
    expect(page.get_by_text(re.compile(r"^2 of \d+$"))).to_be_visible()
    console.check()


def test_a_remediation_is_started_after_a_look_at_what_it_does(browse, seeded, eventually) -> None:
    config = seeded.client("config")
    status = {"ConfigRuleName": seeded.story.rule}

    def runs() -> int:
        found = config.describe_remediation_execution_status(**status)["RemediationExecutionStatuses"]
        return len([each for each in found if each["State"] == "SUCCEEDED"]) and max(
            each["InvocationTime"].timestamp() for each in found
        )

    before = runs()
    verdict = next(fact["id"] for fact in seeded.result["chain"] if fact["kind"] == "ComplianceChanged")
    console = browse(f"/incident?resource=AWS::S3::Bucket/{seeded.story.bucket}&item={verdict}")
    page = console.page
    page.get_by_role("button", name="Start remediation").click()
    dialog = page.get_by_role("dialog", name=re.compile("Start a remediation"))
    expect(dialog.get_by_text(seeded.story.rule).first).to_be_visible()
    assert console.violations() == []
    dialog.get_by_role("button", name="Copy as").click()
    line = page.get_by_role("dialog", name=re.compile("outside of the console"))
    expect(line).to_contain_text("aws configservice start-remediation-execution")
    expect(line).to_contain_text(f"--endpoint-url {seeded.url}")
    line.get_by_role("button", name=re.compile("Close")).click()
    dialog.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(f"The remediation of {seeded.story.bucket} has started.").first).to_be_visible()
    eventually(lambda: runs() != before, what="another remediation", seconds=60)
    console.check()


def test_the_report_names_who_and_what(browse, seeded, alarm: str) -> None:
    console = browse(f"/incident?alarm={alarm}", f"Alarm {alarm}")
    page = console.page
    for item, check in {
        "Post-mortem (Markdown)": lambda text: "junior-developer" in text and "# " in text,
        "Data (JSON)": lambda text: json.loads(text)["subject"]["alarm"]["name"] == alarm,
    }.items():
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=item).click()
        assert check(download.value.path().read_text())
    console.check()


def test_new_facts_appear_by_themselves(browse, seeded) -> None:
    console = browse("/", "Overview")
    name = f"live-{seeded.story.suffix}"
    seeded.client("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="Live", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    seeded.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    expect(console.page.get_by_text(f"alarm {name} is ALARM").first).to_be_visible()
    bell = console.page.get_by_role("button", name=re.compile("alarms? firing"))
    bell.click()
    expect(console.page.get_by_role("menuitem", name=name)).to_be_visible()
    seeded.client("cloudwatch").delete_alarms(AlarmNames=[name])
    console.check()


def test_search_finds_things_and_pages_by_keyboard(browse, seeded) -> None:
    console = browse("/settings", "Settings")
    page = console.page
    page.locator("body").press("/")
    page.keyboard.type("incid")
    page.get_by_role("option", name=re.compile("Incidents")).first.click()
    expect(page.get_by_role("heading", level=1, name="Incidents")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type(seeded.story.bucket)
    expect(page.get_by_role("option", name=re.compile(seeded.story.bucket)).first).to_be_visible()
    console.check()


@pytest.mark.parametrize("path", ["/", "/incidents"])
def test_on_a_phone(browse, path: str) -> None:
    console = browse(path, width=412)
    expect(console.page.get_by_role("heading", level=1)).to_be_visible()
    assert console.page.evaluate("document.documentElement.scrollWidth") <= 412
    console.check()


def test_the_first_commands_of_an_empty_server_work_on_it(chromium, seeded, tmp_path) -> None:
    import os
    import subprocess
    import sys
    from pathlib import Path

    from browser import Console

    from triptych.testing.server import running_server

    with running_server(tmp_path / "empty") as server:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        console = Console(context.new_page(), server.url)
        page = console.open("/", "Overview")
        expect(page.get_by_text("Start here")).to_be_visible()
        assert console.violations() == []
        commands = page.locator(".snippet pre").all_inner_texts()
        context.close()
        assert f"AWS_ENDPOINT_URL={server.url}" in commands[0]
        script = "\n".join(commands).replace("=…", "=test")
        done = subprocess.run(
            ["bash", "-eu", "-c", script],
            env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "CreateBucket" in done.stdout
