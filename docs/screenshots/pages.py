"""Every picture of the guide: the page's route (as in web/src/app/routes.tsx), its address, what is done before."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from scene import APP_LOG, UPLOADS, Scene

__all__ = ["Picture", "pictures"]

INSIGHTS = """fields @timestamp, operation, message
| filter level = "ERROR"
| stats count(*) as refused by bin(10s)"""
SQL = (
    "SELECT resourceType, COUNT(*) WHERE configurationItemStatus <> 'ResourceDeleted' "
    "GROUP BY resourceType ORDER BY COUNT(*) DESC"
)


@dataclass(frozen=True)
class Picture:
    """``docs/images/<name>.png``; ``steps`` are done on Playwright's page, which waits for what they name."""

    name: str
    address: str
    heading: str | None = None
    steps: Callable[[Any], None] = lambda _: None
    height: int = 900
    dark: bool = False
    phone: bool = False


def pictures(scene: Scene) -> list[Picture]:
    """In the order of the guide. Addresses carry the scene's own times."""
    around = f"from={scene.slip_ms - 40_000}&to={scene.slip_ms + 150_000}"
    bucket = f"/resources/{quote('AWS::S3::Bucket', safe='')}/{scene.bucket}"
    graph = {
        "metrics": [
            ["Payroll", "Latency", "Host", "web-1", {"id": "m1"}],
            ["Payroll", "Latency", "Host", "web-2", {"id": "m2"}],
            [{"id": "e1", "expression": "AVG([m1, m2])", "label": "both hosts"}],
        ],
        "period": 60,
        "stat": "Average",
        "view": "timeSeries",
    }
    slip = event_id(scene)
    incident = f"/incident?alarm={UPLOADS}&{around}"
    group = f"/logs/groups/{quote(APP_LOG, safe='')}"
    return [
        Picture("overview", "/?from=now-3h&to=now", "Overview", phone=True, dark=True),
        Picture("incidents", "/incidents?from=now-3h&to=now", "Incidents"),
        Picture("incident", incident, f"Alarm {UPLOADS}", height=1180, dark=True, phone=True),
        Picture("incident-cause", incident, f"Alarm {UPLOADS}", choose_cause, height=1180),
        Picture("alarms", "/alarms", "Alarms"),
        Picture("alarm", f"/alarms/{UPLOADS}?{around}", UPLOADS),
        Picture("alarm-new", f"/alarms/new?{graph_of(graph)}", "Create alarm", set_threshold, height=1080),
        Picture("metrics", f"/metrics?tab=graphed&from=now-3h&to=now&{graph_of(graph)}", "Metrics"),
        Picture("dashboards", "/dashboards", "Dashboards"),
        Picture("dashboard", "/dashboards/payroll?from=now-3h&to=now", "payroll", dark=True),
        Picture("log-groups", "/logs/groups", "Log groups"),
        Picture("log-group", f"{group}?tab=metric-filters"),
        Picture("log-events", f"{group}/events?from=now-15m&to=now"),
        Picture(
            "insights",
            f"/logs/insights?groups={quote(APP_LOG)}&q={quote(INSIGHTS)}&{around}",
            "Logs Insights",
        ),
        Picture("live-tail", f"/logs/tail?groups={quote(APP_LOG)}&hl=took+long", "Live Tail", wait_for_lines),
        Picture("queries", "/logs/queries", "Saved queries"),
        Picture("events", "/events?from=now-1h&to=now", "Event history"),
        Picture("event", f"/events/{slip}", "DeleteBucketEncryption"),
        Picture("trails", "/trails", "Trails"),
        Picture("trail", f"/trails/demo-{scene.story.suffix}"),
        Picture("resources", "/resources", "Resources"),
        Picture("resource", bucket, scene.bucket),
        Picture("rules", "/rules", "Rules"),
        Picture("rule", "/rules/bucket-versioning", "bucket-versioning"),
        Picture("rule-new", "/rules/new", "Add rule"),
        Picture("remediations", "/remediations", "Remediations"),
        Picture("advanced-query", f"/queries?sql={quote(SQL)}", "Advanced queries"),
        Picture("recorder", "/recorder", "Recorder"),
        Picture("settings", "/settings", "Settings"),
    ]


def graph_of(widget: dict[str, Any]) -> str:
    return "g=" + quote(json.dumps(widget, separators=(",", ":")))


def event_id(scene: Scene) -> str:
    return str(scene.story.result()["record"]["eventID"])


def choose_cause(page: Any) -> None:
    page.get_by_role("button", name=re.compile("s3:DeleteBucketEncryption")).first.click()


def set_threshold(page: Any) -> None:
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Threshold", exact=True).fill("55")
    page.get_by_text(re.compile("Would have fired")).wait_for()


def wait_for_lines(page: Any) -> None:
    page.get_by_text("web-1").nth(11).wait_for()
