"""An incident read from its one page: a junior switches encryption off, an alarm fires, a runbook repairs.

A real server, real calls, and scripts that sign with SigV4 for the service ``triptych``.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from triptych.demo.story import Story
from triptych.testing.server import ServerProcess

ALARM = "payroll-errors"
GROUP = "/app/payroll"


class Script:
    """Calls of the console's API from a program."""

    def __init__(self, url: str) -> None:
        self._url = url

    def raw(self, method: str, path: str, body: Any = None, *, signed: bool = True) -> tuple[int, str]:
        data = None if body is None else json.dumps(body).encode()
        kind = {"content-type": "application/json"} if data else {}
        request = AWSRequest(method=method, url=f"{self._url}/console/api/{path}", data=data, headers=kind)
        if signed:
            SigV4Auth(Credentials("test", "test"), "triptych", "us-east-1").add_auth(request)
        prepared = request.prepare()
        ready = urllib.request.Request(prepared.url, data=data, headers=dict(prepared.headers), method=method)
        try:
            with urllib.request.urlopen(ready, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def get(self, path: str) -> Any:
        status, text = self.raw("GET", path)
        assert status == 200, text
        return json.loads(text)

    def post(self, path: str, body: Any) -> Any:
        status, text = self.raw("POST", path, body)
        assert status == 200, text
        return json.loads(text)


@pytest.fixture(scope="module")
def script(server: ServerProcess) -> Script:
    return Script(server.url)


@pytest.fixture(scope="module")
def story(server: ServerProcess, client) -> Story:
    """The demo's story, then trouble of an alarm on a metric of the bucket, and log lines of the application."""
    import time

    told = Story(url=server.url, access_key_id="test", secret_access_key="test", region="us-east-1")
    logs, watch = client("logs"), client("cloudwatch")
    watch.put_metric_alarm(AlarmName=ALARM, **definition(told))  # it finds itself OK while the story is told
    list(told.tell())
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    now = int(time.time() * 1000)
    lines = ["ERROR no key", "all is well", "java.lang.Exception: no key"]
    logs.put_log_events(
        logGroupName=GROUP,
        logStreamName="one",
        logEvents=[{"timestamp": now + i, "message": line} for i, line in enumerate(lines)],
    )
    dimensions = [{"Name": "BucketName", "Value": told.bucket}]

    def put(value: float) -> None:
        datum = {"MetricName": "Errors", "Dimensions": dimensions, "Value": value, "StorageResolution": 1}
        watch.put_metric_data(Namespace="Payroll", MetricData=[datum])

    def changed(step: str) -> bool:
        """Told by the history, which also has what was over before anybody looked."""
        items = watch.describe_alarm_history(AlarmName=ALARM, HistoryItemType="StateUpdate")
        return any(step in each["HistorySummary"] for each in items["AlarmHistoryItems"])

    until(lambda: changed("from INSUFFICIENT_DATA to OK"))
    put(9.0)
    until(lambda: changed("from ALARM to OK"))
    return told


def definition(story: Story) -> dict[str, Any]:
    return {
        "Namespace": "Payroll",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "BucketName", "Value": story.bucket}],
        "Statistic": "Maximum",
        "Period": 10,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }


def until(look, seconds: float = 120.0) -> None:
    """As the fixture ``eventually``, for a fixture of the module."""
    import time

    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "the alarm did not change its state in time"
        time.sleep(0.2)


def lane(timeline: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each for each in timeline["lanes"] if each["kind"] == kind)


@pytest.fixture(scope="module")
def of_alarm(story: Story, script: Script) -> dict[str, Any]:
    def told() -> bool:
        """The timeline is written later than the alarm's own history."""
        found = script.get(f"timeline?alarm={ALARM}")
        changes = [each for each in lane(found, "alarm")["items"] if each["resource"]["id"] == ALARM]
        return bool(found["episode"]) and len(changes) == 3

    until(told)
    return script.get(f"timeline?alarm={ALARM}&logGroups={GROUP}")


def test_the_junior_is_the_likeliest_cause_and_the_reasons_are_stated(of_alarm, story: Story) -> None:
    top = of_alarm["suspects"][0]
    assert (top["actor"], top["operation"]) == (story.junior_name, "s3:DeleteBucketEncryption")
    assert (top["sourceIp"], top["kind"], top["certain"]) == ("127.0.0.1", "human", False)
    reasons = {each["code"]: each for each in top["reasons"]}
    assert set(reasons) == {"time", "same-resource", "mutating", "human", "first-time"}
    assert "BucketName" in reasons["same-resource"]["text"]
    assert top["score"] == sum(each["weight"] for each in top["reasons"])
    (change,) = top["changes"]
    assert change["path"] == "SupplementaryConfiguration.ServerSideEncryptionConfiguration"
    assert (change["changeType"], change["to"]) == ("DELETE", None)
    assert "AES256" in json.dumps(change["from"])
    assert change["resource"] == {"type": "AWS::S3::Bucket", "id": story.bucket}
    scores = [each["score"] for each in of_alarm["suspects"]]
    assert scores == sorted(scores, reverse=True)


def test_one_axis_has_every_lane(of_alarm, story: Story) -> None:
    start, end = of_alarm["episode"]["start"], of_alarm["episode"]["end"]
    axis = of_alarm["axis"]
    assert axis["from"] < start < end <= axis["to"]
    (line,) = of_alarm["metrics"]
    assert (line["threshold"], line["period"], max(line["values"])) == (5.0, 10, 9.0)
    states = [each for each in lane(of_alarm, "alarm")["items"] if each["resource"]["id"] == ALARM]
    assert [each["status"] for each in states] == ["OK", "ALARM", "OK"]
    assert (states[1]["t"], states[1]["tEnd"]) == (start, end)
    assert states[1]["related"]
    calls = {each["title"] for each in lane(of_alarm, "api")["items"]}
    assert f"{story.junior_name}: s3:DeleteBucketEncryption on {story.bucket}" in calls
    verdicts = lane(of_alarm, "compliance")["items"]
    assert [each["status"] for each in verdicts] == ["COMPLIANT", "NON_COMPLIANT", "COMPLIANT"]
    assert verdicts[1]["tEnd"] == verdicts[2]["t"]
    (repair,) = lane(of_alarm, "remediation")["items"]
    assert repair["status"] == "SUCCEEDED"
    assert repair["origin"] == of_alarm["suspects"][0]["id"]
    (run,) = lane(of_alarm, "automation")["items"]
    assert run["detail"] == repair["detail"]
    assert {each["status"] for each in run["steps"]} == {"Success"}
    assert of_alarm["repair"]["id"] == repair["id"]
    changes = [
        change["changeType"]
        for item in lane(of_alarm, "configuration")["items"]
        for change in item.get("changes", ())
        if change["path"] == "SupplementaryConfiguration.ServerSideEncryptionConfiguration"
    ]
    assert changes == ["DELETE", "CREATE"]


def test_log_errors_are_counted_in_the_groups_named(of_alarm, script: Script) -> None:
    logs = lane(of_alarm, "logs")
    assert logs["total"] == sum(each["count"] for each in logs["buckets"]) == 2
    assert logs["groups"] == [{"name": GROUP, "reason": "asked for"}]
    unknown = lane(script.get(f"timeline?alarm={ALARM}&lanes=logs"), "logs")
    assert unknown["groups"] == []
    assert "No log group" in unknown["note"]
    gone = lane(script.get(f"timeline?alarm={ALARM}&lanes=logs&logGroups={GROUP},/not/there"), "logs")
    assert (gone["total"], gone["note"]) == (2, "There is no log group /not/there.")


def test_a_metric_filter_says_which_log_group_belongs_to_an_alarm(client, story, script: Script) -> None:
    client("logs").put_metric_filter(
        logGroupName=GROUP,
        filterName="errors",
        filterPattern="ERROR",
        metricTransformations=[{"metricName": "Errors", "metricNamespace": "Payroll", "metricValue": "1"}],
    )
    logs = lane(script.get(f"timeline?alarm={ALARM}&lanes=logs"), "logs")
    assert logs["groups"] == [{"name": GROUP, "reason": "its metric filter errors makes Payroll Errors"}]
    assert logs["total"] == 2


def test_a_resource_knows_its_cause_for_certain(story: Story, script: Script) -> None:
    found = script.get(f"timeline?resource=AWS::S3::Bucket/{story.bucket}")
    assert found["focus"]["what"] == f"the verdict NON_COMPLIANT under {story.rule}"
    top = found["suspects"][0]
    assert (top["certain"], top["score"], top["actor"]) == (True, 100, story.junior_name)
    assert [each["certain"] for each in found["suspects"][1:]] == [False] * (len(found["suspects"]) - 1)
    assert ALARM in {each["alarm"] for each in found["metrics"]}


def test_an_event_shows_what_followed(story: Story, script: Script, of_alarm) -> None:
    slip = of_alarm["suspects"][0]["id"]
    found = script.get(f"timeline?event={slip}&readOnly=true")
    assert found["subject"]["kind"] == "event"
    chain = [
        (each["kind"], item["status"])
        for each in found["lanes"]
        for item in each["items"]
        if item.get("origin") == slip and each["kind"] in ("compliance", "remediation", "automation")
    ]
    assert ("compliance", "NON_COMPLIANT") in chain
    assert ("remediation", "SUCCEEDED") in chain
    assert ("automation", "Success") in chain
    api = lane(found, "api")
    assert api["hidden"] == 0
    assert api["total"] > lane(script.get(f"timeline?event={slip}"), "api")["total"]


def test_any_fact_can_be_asked_about(story: Story, script: Script, of_alarm) -> None:
    verdict = next(e for e in lane(of_alarm, "compliance")["items"] if e["status"] == "NON_COMPLIANT")
    found = script.get(f"timeline?event={verdict['id']}&lanes=compliance")
    assert [each["kind"] for each in found["lanes"]] == ["compliance"]
    top = found["suspects"][0]
    assert (top["certain"], top["id"]) == (True, verdict["origin"])
    assert {"type": "AWS::S3::Bucket", "id": story.bucket, "hops": 0} in found["related"]


def test_nothing_is_dropped_when_there_is_too_much(script: Script, of_alarm) -> None:
    start, end = (
        of_alarm["axis"]["from"],
        of_alarm["episode"]["start"],
    )  # long enough ago to be recorded by now
    wanted = f"timeline?alarm={ALARM}&from={start}&to={end}"
    every, few = script.get(wanted), script.get(f"{wanted}&maxItems=12")
    assert sum(len(each["items"]) for each in few["lanes"]) <= 12
    api, whole = lane(few, "api"), lane(every, "api")
    assert api["bucketed"]
    assert not whole["bucketed"]
    assert api["total"] == sum(each["count"] for each in api["buckets"]) == whole["total"]
    assert api["shown"] == len(api["items"]) < api["total"]
    assert all(item["related"] for item in api["items"]), "what belongs to it is shown first"


def test_incidents_have_suspects_and_say_what_was_repaired(story: Story, script: Script, of_alarm) -> None:
    found = script.get("incidents")
    by_alarm = {each["alarm"]: each for each in found["incidents"]}
    assert {ALARM, story.alarm} <= set(by_alarm)
    ours = by_alarm[ALARM]
    assert (ours["start"], ours["end"]) == (of_alarm["episode"]["start"], of_alarm["episode"]["end"])
    assert ours["suspect"]["id"] == of_alarm["suspects"][0]["id"]
    assert ours["suspect"]["score"] == of_alarm["suspects"][0]["score"]
    assert ours["remediated"]
    denied = by_alarm[story.alarm]
    assert denied["suspect"]["operation"] == "s3:GetObject"
    assert "counted" in {each["code"] for each in denied["suspect"]["reasons"]}
    first = script.get("incidents?limit=1")
    assert (len(first["incidents"]), first["total"]) == (1, found["total"])
    second = script.get(f"incidents?limit=1&nextToken={first['nextToken']}")
    pages = [first["incidents"][0]["id"], second["incidents"][0]["id"]]
    assert pages == [each["id"] for each in found["incidents"][:2]]


def test_the_report_reads_well_and_says_the_same(story: Story, script: Script, of_alarm) -> None:
    status, text = script.raw("GET", f"timeline/export?alarm={ALARM}&logGroups={GROUP}")
    assert status == 200
    assert text.startswith(f"# Alarm {ALARM}\n")
    assert f"{story.junior_name}: s3:DeleteBucketEncryption on {story.bucket} from 127.0.0.1" in text
    for heading in (
        "Likely causes",
        "What changed",
        "What repaired it",
        "What happened",
        "Metrics",
        "Log errors",
    ):
        assert f"\n## {heading}\n" in text
    assert "SupplementaryConfiguration.ServerSideEncryptionConfiguration" in text
    assert "(+30)" in text
    assert "SUCCEEDED" in text
    exported = json.loads(script.raw("GET", f"timeline/export?format=json&alarm={ALARM}")[1])
    assert [each["id"] for each in exported["suspects"]] == [each["id"] for each in of_alarm["suspects"]]


def test_what_does_not_exist_and_cannot_be_asked(story: Story, script: Script) -> None:
    for path, status, said in (
        ("timeline?alarm=nobody", 404, "There is no alarm nobody."),
        ("timeline?event=nobody", 404, "There is no event nobody."),
        ("timeline?resource=payroll", 400, "type/id"),
        ("timeline?alarm=a&event=b", 400, "one of alarm, resource and event"),
        ("timeline?lanes=apu", 400, "There is no lane 'apu'"),
        ("timeline?from=5&to=4", 400, "from must be before to"),
        ("timeline?maxItems=0", 400, "maxItems"),
        ("incidents?nextToken=x", 400, "nextToken"),
    ):
        answered, text = script.raw("GET", path)
        assert answered == status, (path, text)
        assert said in json.loads(text)["message"]
    assert script.raw("GET", "timeline", signed=False)[0] in (401, 403)


# --- the audit trail ---------------------------------------------------------------------------------------


def names(found: dict[str, Any]) -> list[str]:
    return [each["eventName"] for each in found["events"]]


def test_many_filters_at_once_with_facets_and_a_histogram(story: Story, script: Script) -> None:
    junior = {"field": "username", "op": "=", "value": story.junior_name}
    found = script.post(
        "events/search",
        {"filters": [junior], "facets": ["eventName", "errorCode", "readOnly", "resourceName"]},
    )
    assert names(found) == ["GetObject", "DeleteBucketEncryption"]
    assert found["total"] == 2 == sum(each["count"] for each in found["histogram"])
    assert found["facets"]["eventName"] == [
        {"value": "DeleteBucketEncryption", "count": 1},
        {"value": "GetObject", "count": 1},
    ]
    assert found["facets"]["resourceName"][0] == {"value": story.bucket, "count": 2}
    assert {each["value"] for each in found["facets"]["errorCode"]} == {"", "AccessDenied"}
    assert {each["value"] for each in found["facets"]["readOnly"]} == {"true", "false"}

    def searched(*filters: tuple[str, str, str], **more: Any) -> list[str]:
        listed = [{"field": f, "op": op, "value": v} for f, op, v in filters]
        return names(script.post("events/search", {"filters": [junior, *listed], **more}))

    assert searched(("errorCode", "!=", "")) == ["GetObject"]
    assert searched(("readOnly", "=", "false")) == ["DeleteBucketEncryption"]
    assert searched(("eventName", ":", "bucketencr")) == ["DeleteBucketEncryption"]
    assert searched(("eventName", "!:", "bucketencr")) == ["GetObject"]
    assert searched(("requestParameters.key", "=", "salaries.csv")) == ["GetObject"]
    assert searched(("requestParameters.bucketName", "=", story.bucket)) == [
        "GetObject",
        "DeleteBucketEncryption",
    ]
    assert searched(("userIdentity.type", "!=", "IAMUser")) == []
    assert searched(("resourceType", "=", "AWS::S3::Object")) == ["GetObject"]
    assert searched(text="SALARIES access") == ["GetObject"]
    assert searched(text="salaries nothing-like-it") == []


def test_filters_may_be_alternatives(story: Story, script: Script) -> None:
    either = [
        {"field": "eventName", "op": "=", "value": "DeleteBucketEncryption"},
        {"field": "eventName", "op": "=", "value": "StartAutomationExecution"},
    ]
    found = script.post("events/search", {"filters": either, "join": "or", "facets": ["eventName"]})
    assert set(names(found)) == {"DeleteBucketEncryption", "StartAutomationExecution"}
    assert script.post("events/search", {"filters": either})["total"] == 0


def test_pages_stay_where_they_are_while_events_arrive(story, script: Script, client, eventually) -> None:
    on_bucket = {"field": "resourceName", "op": "=", "value": story.bucket}
    asked = {"filters": [on_bucket, {"field": "readOnly", "op": "=", "value": "false"}], "limit": 2}
    whole = [each["eventId"] for each in script.post("events/search", asked | {"limit": 6})["events"]]
    assert len(whole) == 6
    first = script.post("events/search", asked)
    client("s3").put_object(Bucket=story.bucket, Key="arrives-between-two-pages")
    eventually(
        lambda: script.post("events/search", asked)["events"][0]["eventId"] != whole[0],
        what="the new event to be found",
    )
    second = script.post("events/search", asked | {"nextToken": first["nextToken"]})
    third = script.post("events/search", asked | {"nextToken": second["nextToken"]})
    read = [each["eventId"] for page in (first, second, third) for each in page["events"]]
    assert read == whole
    status, text = script.raw("POST", "events/search", {"nextToken": first["nextToken"]})
    assert (status, "another search" in text) == (400, True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"filters": [{"field": "evntName", "op": "=", "value": "x"}]}, "Did you mean eventName?"),
        (
            {"filters": [{"field": "requestParametrs.a", "op": "=", "value": "x"}]},
            "requestParameters.<member>",
        ),
        ({"filters": [{"field": "readOnly", "op": "=", "value": "x"}]}, "true or false"),
        ({"filters": [{"field": "eventName", "op": ">", "value": "x"}]}, "op"),
        ({"facets": ["sourceIpAdress"]}, "Did you mean sourceIPAddress?"),
        ({"limit": 0}, "limit"),
        ({"from": 0}, "366 days"),
        ({"from": 2, "to": 1}, "from must be before to"),
        ({"bucketSeconds": 1, "from": 0, "to": 86_400_000}, "bucketSeconds must be at least 44"),
    ],
)
def test_a_search_that_cannot_be_says_why(script: Script, body, said) -> None:
    status, text = script.raw("POST", "events/search", body)
    assert status == 400, text
    assert said in json.loads(text)["message"]


def test_a_value_is_never_a_query(script: Script) -> None:
    hostile = "x' OR 1=1 --"
    for field in ("eventName", "requestParameters.a' OR 1=1 --", "resourceName"):
        asked = {"filters": [{"field": field, "op": "=", "value": hostile}], "facets": [field]}
        assert script.post("events/search", asked)["total"] == 0


# --- alarms explained --------------------------------------------------------------------------------------


def test_an_alarm_is_explained_period_by_period(story: Story, script: Script) -> None:
    found = script.post("explain/alarm", {"alarmName": ALARM})
    assert (found["state"], found["verdict"]) == ("OK", "OK")
    assert (found["m"], found["n"], found["missing"], found["threshold"]) == (1, 1, "notBreaching", 5.0)
    assert [each["treatment"] for each in found["periods"]] == ["notBreaching", "missing", "missing"]
    starts = [each["start"] for each in found["periods"]]
    assert starts == [found["evaluatedAt"] - 10_000 * age for age in (1, 2, 3)]
    assert "treated as notBreaching" in found["sentence"]
    assert script.raw("POST", "explain/alarm", {"alarmName": "nobody"})[0] == 404


def test_a_composite_alarm_is_explained_by_its_children(
    story: Story, script: Script, client, eventually
) -> None:
    client("cloudwatch").put_composite_alarm(
        AlarmName="both", AlarmRule=f"ALARM({ALARM}) OR ALARM({story.alarm})"
    )
    found = eventually(
        lambda: (
            (f := script.post("explain/alarm", {"alarmName": "both"}))
            and f["state"] != "INSUFFICIENT_DATA"
            and f
        ),
        what="the composite alarm to be judged",
        seconds=60,
    )
    assert {each["alarmName"] for each in found["children"]} == {ALARM, story.alarm}
    assert found["holds"] == any(each["state"] == "ALARM" for each in found["children"])
    assert found["periods"] == []


def test_a_backtest_fires_when_the_alarm_did(story: Story, script: Script, client, of_alarm) -> None:
    found = script.post("backtest/alarm", {"alarm": definition(story), "days": 0.02})
    assert (found["fired"], found["stepSeconds"], found["intervalSeconds"]) == (1, 10, 10)
    fired = next(each for each in found["transitions"] if each["to"] == "ALARM")
    history = client("cloudwatch").describe_alarm_history(AlarmName=ALARM, HistoryItemType="StateUpdate")
    real = next(each for each in history["AlarmHistoryItems"] if "to ALARM" in each["HistorySummary"])
    told = json.loads(real["HistoryData"])["newState"]["stateReason"]
    assert fired["reason"] == told
    late = real["Timestamp"].astimezone(UTC) - datetime.fromtimestamp(fired["t"] / 1000, UTC)
    assert 0 <= late.total_seconds() < 60, "evaluated on the same tick, or caught up on it"
    assert found["alarmSeconds"] == 30, "a datapoint counts as long as it is in the evaluation range"
    never = script.post("backtest/alarm", {"alarm": definition(story) | {"Threshold": 10}, "days": 0.02})
    assert never["fired"] == 0
    assert never["datapoints"] >= 1


def test_a_backtest_of_a_select(script: Script, client) -> None:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    client("cloudwatch").put_metric_data(
        Namespace="Back",
        MetricData=[
            {
                "MetricName": "m",
                "Dimensions": [{"Name": "Host", "Value": host}],
                "Timestamp": minute - timedelta(minutes=ago),
                "Value": 5,
            }
            for host in "ab"
            for ago in (10, 9, 8)
        ],
    )
    alarm = {
        "Metrics": [{"Id": "q", "Expression": "SELECT SUM(m) FROM SCHEMA(Back, Host)", "Period": 60}],
        "EvaluationPeriods": 1,
        "Threshold": 9,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    found = script.post("backtest/alarm", {"alarm": alarm, "days": 0.02})
    assert (found["fired"], found["datapoints"]) == (1, 3)
    fired = next(each for each in found["transitions"] if each["to"] == "ALARM")
    assert datetime.fromtimestamp(fired["t"] / 1000, UTC) == minute - timedelta(minutes=9)
    never = script.post("backtest/alarm", {"alarm": alarm | {"Threshold": 10}, "days": 0.02})
    assert never["fired"] == 0


@pytest.mark.parametrize(
    ("change", "days", "said"),
    [
        ({"EvaluationPeriods": 0}, 1, "evaluationPeriods"),
        ({"Statistic": "p200"}, 1, "statistic"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, 1, "require ThresholdMetricId"),
        ({}, 15, "days must be"),
        ({"Period": 60, "EvaluationPeriods": 1440}, 14, "too many; try"),
    ],
)
def test_a_backtest_refuses_what_an_alarm_refuses(script: Script, story, change, days, said) -> None:
    status, text = script.raw("POST", "backtest/alarm", {"alarm": definition(story) | change, "days": days})
    assert status in (400, 501), text
    assert said.lower() in json.loads(text)["message"].lower()
