"""The pure parts of the timeline: who gets how much room, rows as items, the report, names in Config's language."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.console.causes import Candidate, Resource, Suspect
from triptych.console.incident.asked import Item
from triptych.console.incident.budget import shares, step_milliseconds
from triptych.console.incident.facts import Range
from triptych.console.incident.lanes import (
    alarm_items,
    automation_items,
    changed_properties,
    compliance_items,
    remediation_items,
)
from triptych.console.incident.metrics import readable_period
from triptych.console.incident.neighbours import Near, conditions
from triptych.console.incident.postmortem import markdown
from triptych.console.incident.repair import repair_of
from triptych.console.incident.subject import episodes
from triptych.console.incident.suspects import actor_kind
from triptych.query.config_sql import parse

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
T = round(NOON.timestamp() * 1000)


@pytest.mark.parametrize(
    ("counts", "most", "given_"),
    [
        ({"a": 5, "b": 900, "c": 700}, 100, {"a": 5, "b": 48, "c": 47}),
        ({"a": 5, "b": 6}, 100, {"a": 5, "b": 6}),
        ({"a": 0, "b": 6}, 3, {"a": 0, "b": 3}),
        ({}, 3, {}),
    ],
)
def test_small_lanes_get_all_and_large_ones_share_the_rest(counts, most, given_) -> None:
    assert shares(counts, most) == given_


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 5000), max_size=7), st.integers(0, 10_000))
def test_shares_never_exceed_and_never_waste(counts, most) -> None:
    room = shares(counts, most)
    assert all(0 <= room[lane] <= counts[lane] for lane in counts)
    assert sum(room.values()) == min(most, sum(counts.values()))


@given(st.integers(1, 400 * 86_400_000))
def test_buckets_are_few_enough(length) -> None:
    step = step_milliseconds(length, 120)
    assert step * 120 >= length
    assert step == 1000 or step_milliseconds(length, 120) <= max(86_400_000, length)


def change(minute: int, before: str, after: str, alarm: str = "a") -> dict:
    return {
        "time": NOON + timedelta(minutes=minute),
        "id": f"{alarm}{minute}",
        "alarm": alarm,
        "before": before,
        "after": after,
        "reason": f"because {minute}",
        "origin": f"{alarm}{minute}",
    }


def test_stays_in_alarm_are_episodes() -> None:
    found = episodes(
        [
            change(0, "INSUFFICIENT_DATA", "OK"),
            change(1, "INSUFFICIENT_DATA", "ALARM", "b"),
            change(5, "OK", "ALARM"),
            change(7, "ALARM", "INSUFFICIENT_DATA"),
            change(9, "INSUFFICIENT_DATA", "ALARM"),
        ]
    )
    minute = 60_000
    assert [(each.alarm, each.start - T, each.end and each.end - T, each.before - T) for each in found] == [
        ("b", minute, None, minute),
        ("a", 5 * minute, 7 * minute, 0),
        ("a", 9 * minute, None, 7 * minute),
    ]


def fact(minute: int, body: dict, **more) -> dict:
    return {
        "time": NOON + timedelta(minutes=minute),
        "id": f"f{minute}",
        "subject": "s",
        "cause": "c",
        "origin": "o",
        "summary": "",
        "related": False,
        "body": json.dumps(body),
        **more,
    }


def test_a_state_lasts_until_the_next_one_of_the_same_alarm() -> None:
    def state(minute: int, alarm: str, value: str) -> dict:
        moment = (NOON + timedelta(minutes=minute)).isoformat()
        return fact(minute, {"alarmName": alarm, "state": {"value": value, "timestamp": moment}})

    items = alarm_items([state(0, "a", "OK"), state(1, "b", "ALARM"), state(2, "a", "ALARM")])
    assert [(each.status, each.severity, each.t_end) for each in items] == [
        ("OK", "success", items[2].t),
        ("ALARM", "error", None),
        ("ALARM", "error", None),
    ]


def test_facts_of_one_remediation_are_one_item_and_attempts_are_apart() -> None:
    def told(minute: int, state: str, attempt: int = 1) -> dict:
        body = {"rule": "r", "resource": "AWS::S3::Bucket/b", "state": state, "attempt": attempt}
        return fact(minute, body)

    items = remediation_items(
        [
            told(0, "QUEUED"),
            told(1, "IN_PROGRESS"),
            told(2, "FAILED"),
            told(3, "QUEUED", 2),
            told(4, "SUCCEEDED", 2),
        ]
    )
    assert [(each.status, each.severity, (each.t_end or 0) - each.t) for each in items] == [
        ("FAILED", "error", 120_000),
        ("SUCCEEDED", "success", 60_000),
    ]
    assert items[0].resource == {"type": "AWS::S3::Bucket", "id": "b"}
    assert items[1].title == "remediation of b under r: SUCCEEDED, attempt 2"


def test_an_execution_has_its_steps_as_they_last_were() -> None:
    def told(minute: int, status: str, *steps: str) -> dict:
        listed = [
            {"StepName": f"s{i}", "Action": "aws:x", "StepStatus": each} for i, each in enumerate(steps)
        ]
        body = {"AutomationExecutionId": "e", "DocumentName": "D", "Status": status, "StepExecutions": listed}
        return fact(minute, body)

    (item,) = automation_items([told(0, "InProgress", "InProgress"), told(1, "Failed", "Success", "Failed")])
    assert (item.status, item.severity) == ("Failed", "error")
    assert [each["status"] for each in item.steps] == ["Success", "Failed"]
    assert item.title == "D: Failed, 1 of 2 steps succeeded"


def test_verdicts_last_and_say_what_they_were() -> None:
    def told(minute: int, verdict: str, previous: str) -> dict:
        return {
            "time": NOON + timedelta(minutes=minute),
            "fact_id": f"v{minute}",
            "rule_name": "r",
            "resource_type": "T",
            "resource_id": "x",
            "compliance": verdict,
            "previous": previous,
            "annotation": "",
            "cause_parent": "",
            "cause_origin": "o",
            "related": True,
        }

    items = compliance_items([told(0, "COMPLIANT", ""), told(3, "NON_COMPLIANT", "COMPLIANT")])
    assert items[0].t_end == items[1].t
    assert items[1].title == "x is NON_COMPLIANT under r, was COMPLIANT"


def test_changes_are_listed_from_and_to() -> None:
    diff = {
        "changeType": "UPDATE",
        "changedProperties": {
            f"Tags.{i}": {"previousValue": i, "updatedValue": None, "changeType": "DELETE"} for i in range(60)
        },
    }
    listed, total = changed_properties(json.dumps(diff))
    assert (len(listed), total) == (50, 60)
    assert listed[0] == {"path": "Tags.0", "from": 0, "to": None, "changeType": "DELETE"}
    assert changed_properties("null") == ([], 0)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"identity_arn": "arn:aws:iam::1:root"}, "human"),
        ({"identity_arn": "arn:aws:iam::1:user/team/ann"}, "human"),
        ({"identity_arn": "arn:aws:sts::1:assumed-role/r/s"}, "session"),
        ({"identity_arn": "arn:aws:sts::1:assumed-role/r/s", "source_ip": "ssm.amazonaws.com"}, "automation"),
        ({"username": "config.amazonaws.com"}, "automation"),
        ({"username": "triptych.internal"}, "automation"),
        ({}, "unknown"),
    ],
)
def test_whose_hands(row, kind) -> None:
    assert actor_kind({"identity_arn": "", "source_ip": "10.0.0.1", "username": ""} | row) == kind


def repaired(origin: str, resource: str, minute: int = 1, status: str = "SUCCEEDED") -> Item:
    t = T + minute * 60_000
    where = {"type": "T", "id": resource}
    return Item(
        id=f"{origin}{minute}", t=t, title="", severity="info", status=status, resource=where, origin=origin
    )


@pytest.mark.parametrize(
    ("repairs", "found"),
    [
        ([repaired("top", "elsewhere")], "top1"),
        ([repaired("second", "elsewhere")], None),
        ([repaired("sure", "elsewhere")], "sure1"),
        ([repaired("stranger", "own")], "stranger1"),
        ([repaired("top", "own", status="FAILED")], None),
        ([repaired("top", "own", minute=90)], None),
        ([repaired("top", "own"), repaired("top", "own", minute=2)], "top2"),
    ],
)
def test_a_repair_belongs_to_the_likeliest_cause_or_to_the_resource(repairs, found) -> None:
    def suspect(name: str, *, certain: bool = False) -> tuple[Suspect, dict]:
        one = Candidate(id=name, time=T, actor="a", kind="human", service="s", operation="o")
        return Suspect(one, 50, certain, ()), {}

    near = Near(hops={Resource("T", "own"): 0, Resource("T", "elsewhere"): 1})
    suspects = [suspect("top"), suspect("second"), suspect("sure", certain=True)]
    repair = repair_of(repairs, (T, T + 600_000), suspects, near)
    assert (repair and repair.id) == found


@pytest.mark.parametrize(
    ("period", "hours", "age_days", "wanted"),
    [(10, 1, 0, 10), (10, 24, 0, 60), (60, 24, 0, 60), (60, 48, 2, 120), (60, 1, 20, 300), (60, 1, 70, 3600)],
)
def test_a_line_has_a_period_that_is_there_and_fits(period, hours, age_days, wanted) -> None:
    start = NOON - timedelta(days=age_days, hours=hours)
    assert readable_period(period, Range(start, start + timedelta(hours=hours)), NOON) == wanted


@given(
    st.dictionaries(
        st.sampled_from(["resourceId", "tags.value"]), st.lists(st.text(max_size=600), max_size=40)
    )
)
def test_names_stay_names_in_the_query_language(wanted) -> None:
    for condition in conditions(wanted):
        assert len(condition) <= 3900
        parse(f"SELECT resourceId WHERE {condition}")


def test_a_report_shows_hostile_names_as_text() -> None:
    item = Item(id="i", t=T, title="<b>x</b> | [a](http://x) `c` *d* snake_case _e_", severity="info")
    timeline = {
        "axis": {"from": T, "to": T + 1000},
        "subject": {"kind": "range", "title": "Everything"},
        "focus": None,
        "episode": None,
        "metrics": [],
        "lanes": [
            {
                "kind": "api",
                "total": 10,
                "shown": 1,
                "bucketed": True,
                "hidden": 3,
                "items": [{"id": item.id, "t": item.t, "title": item.title}],
            }
        ],
        "suspects": [],
        "repair": None,
    }
    text = markdown(timeline)
    assert r"\<b\>x\</b\> \| \[a](http://x) \`c\` \*d\* snake_case \_e\_" in text
    assert "Not listed: 9 more of api, 3 calls that only read." in text
