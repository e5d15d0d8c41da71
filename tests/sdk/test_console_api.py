"""The console's own endpoints, on what came in over AWS's wire."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from console_client import Browser
from triptych.testing.server import ServerProcess


@pytest.fixture(scope="module")
def browser(server: ServerProcess) -> Browser:
    made = Browser(server.port)
    assert made.sign_in().status == 200
    return made


@pytest.fixture(scope="module")
def world(client) -> None:
    """A little of everything."""
    client("logs").create_log_group(logGroupName="/shop/orders")
    client("logs").create_log_stream(logGroupName="/shop/orders", logStreamName="a")
    client("logs").put_log_events(
        logGroupName="/shop/orders",
        logStreamName="a",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "order placed"}],
    )
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Orders", "Value": 9.0},
            {"MetricName": "Latency", "Value": 1.0, "Dimensions": [{"Name": "Host", "Value": "web-1"}]},
            {"MetricName": "Latency", "Value": 2.0, "Dimensions": [{"Name": "Host", "Value": "web-2"}]},
            {
                "MetricName": "Latency",
                "Value": 2.0,
                "Dimensions": [{"Name": "Host", "Value": "web-2"}, {"Name": "Zone", "Value": "b"}],
            },
        ],
    )
    alarm = {
        "AlarmName": "orders are few",
        "Namespace": "Shop",
        "MetricName": "Refunds",
        "TreatMissingData": "ignore",  # and nothing is ever put: the state stays what a test sets
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "LessThanThreshold",
    }
    cloudwatch.put_metric_alarm(**alarm)
    cloudwatch.put_metric_alarm(**{**alarm, "AlarmName": "orders are many"})
    cloudwatch.set_alarm_state(
        AlarmName="orders are few", StateValue="ALARM", StateReason="because a test says so"
    )
    body = {"widgets": [{"type": "text", "properties": {"markdown": "hello"}}]}
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps(body))


def test_meta(browser: Browser, server: ServerProcess) -> None:
    meta = browser.api("GET", "meta").json
    assert (meta["account"], meta["region"], meta["endpoint"]) == ("000000000000", "us-east-1", server.url)
    assert {"us-east-1", "eu-central-1", "ap-southeast-2"} <= set(meta["regions"])
    assert meta["estate"] == [{"service": "*", "upstream": "sandbox"}]
    assert "PutMetricAlarm" in meta["features"]["cloudwatch"]
    assert meta["retention"]["metricHoursDays"] == 455


@pytest.mark.usefixtures("world")
def test_overview(browser: Browser, eventually) -> None:
    def look():
        found = browser.api("GET", "overview").json
        kinds = {change["kind"] for change in found["changes"]}
        return found if found["alarms"] and "AlarmStateChanged" in kinds else None

    seen = eventually(look, what="the alarm on the overview")
    (alarm,) = seen["alarms"]
    assert (alarm["name"], alarm["reason"], alarm["metric"]) == (
        "orders are few",
        "because a test says so",
        "Refunds",
    )
    assert seen["empty"] is False
    assert seen["ingestion"]["pointsPerSecond"] > 0
    assert seen["ingestion"]["logLinesPerSecond"] > 0
    assert seen["compliance"] == {
        "compliant": 0,
        "nonCompliant": 0,
        "compliantRules": 0,
        "nonCompliantRules": 0,
        "resources": [],
    }
    elsewhere = browser.api("GET", "overview", region="eu-west-1").json
    assert (elsewhere["empty"], elsewhere["alarms"]) == (True, [])


@pytest.mark.usefixtures("world")
def test_metrics_tree(browser: Browser) -> None:
    top = browser.api("GET", "metrics/tree").json
    assert {"namespace": "Shop", "metrics": 4} in top["namespaces"]
    assert top["total"] == sum(each["metrics"] for each in top["namespaces"])
    sets = browser.api("GET", "metrics/tree?namespace=Shop").json
    assert sets == {
        "total": 4,
        "dimensionSets": [
            {"dimensions": [], "metrics": 1},
            {"dimensions": ["Host"], "metrics": 2},
            {"dimensions": ["Host", "Zone"], "metrics": 1},
        ],
    }
    hosts = browser.api("GET", "metrics/tree?namespace=Shop&dimensions=Host").json
    assert hosts == {
        "total": 2,
        "metrics": [
            {"metricName": "Latency", "dimensions": {"Host": "web-1"}},
            {"metricName": "Latency", "dimensions": {"Host": "web-2"}},
        ],
    }
    plain = browser.api("GET", "metrics/tree?namespace=Shop&dimensions=").json
    assert plain["metrics"] == [{"metricName": "Orders", "dimensions": {}}]
    found = browser.api("GET", "metrics/tree?namespace=Shop&q=WEB-2").json
    assert found["total"] == 2
    assert browser.api("GET", "metrics/tree?dimensions=Host").status == 400


@pytest.mark.usefixtures("world")
def test_search_finds_everything_by_a_part_of_its_name(browser: Browser, client, eventually) -> None:
    def found(q: str, **query: str):
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return browser.api("GET", f"search?q={q}{more}").json

    hits = found("order")
    assert {hit["kind"] for hit in hits} >= {"alarm", "logGroup", "metric"}
    (few,) = [hit for hit in hits if hit["title"] == "orders are few"]
    assert (few["subtitle"], few["href"]) == ("ALARM", "/alarms/orders%20are%20few")
    assert {"kind": "metric", "title": "Orders", "subtitle": "Shop, 1 metric", "href": "/metrics?namespace=Shop&q=Orders"} in hits  # fmt: skip
    (group,) = [hit for hit in hits if hit["kind"] == "logGroup"]
    assert group["href"] == "/logs/groups/%2Fshop%2Forders"
    assert [hit["kind"] for hit in found("shop")][:1] == ["dashboard"], "the whole name comes first"
    assert found("live")[0] == {
        "kind": "page",
        "title": "Live Tail",
        "subtitle": "Page",
        "href": "/logs/tail",
    }
    assert len(found("o", limit="3")) == 3

    def change():
        return [hit for hit in found("putdashboard") if hit["kind"] == "event"]

    event = eventually(change, what="PutDashboard among the hits")[0]
    assert found(event["href"].rpartition("/")[2])[0]["title"] == "PutDashboard"


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("search", "q"),
        ("search?q=a&limit=51", "limit"),
        ("search?q=a&limit=x", "limit"),
        ("search?q=a&q=b", "twice"),
        ("search?q=a&colour=red", "colour"),
        ("stream?topics=weather", "weather"),
    ],
)
def test_parameters_that_do_not_fit_are_named(browser: Browser, path: str, part: str) -> None:
    answer = browser.api("GET", path)
    assert (answer.status, answer.json["code"]) == (400, "ValidationException")
    assert part in answer.json["message"]
    assert answer.json["requestId"] == answer.headers["x-amzn-requestid"]


def test_addresses_and_methods_that_are_not_there(browser: Browser) -> None:
    assert browser.api("GET", "nothing").status == 404
    refused = browser.api("DELETE", "meta")
    assert (refused.status, refused.json["code"]) == (405, "MethodNotAllowed")


def test_nothing_without_a_caller(server: ServerProcess) -> None:
    stranger = Browser(server.port)
    for path in ("meta", "overview", "search?q=a", "metrics/tree", "stream"):
        answer = stranger.api("GET", path)
        assert (answer.status, answer.json["code"]) == (401, "MissingAuthenticationToken"), path


@contextmanager
def streaming(browser: Browser, query: str = "", **headers: str) -> Iterator[Iterator[dict[str, str]]]:
    """Server-sent events as they come, comments left out."""
    with closing(http.client.HTTPConnection("127.0.0.1", browser.port, timeout=60)) as connection:
        sent = {k: v for k, v in browser.headers(**headers).items() if v and k != "origin"}
        connection.request("GET", f"/console/api/stream{query}", headers=sent)
        reply = connection.getresponse()
        assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream")

        def events() -> Iterator[dict[str, str]]:
            event: dict[str, str] = {}
            for line in reply:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                else:
                    if "data" in event:
                        yield event
                    event = {}

        yield events()


@pytest.mark.usefixtures("world")
def test_the_stream_tells_what_happens_and_goes_on_where_it_broke(browser: Browser, client) -> None:
    cloudwatch = client("cloudwatch")
    with streaming(browser, "?topics=alarm") as events:
        assert next(events)["event"] == "open"
        cloudwatch.set_alarm_state(AlarmName="orders are many", StateValue="ALARM", StateReason="told")
        seen = next(events)
    fact = json.loads(seen["data"])
    assert (seen["event"], fact["kind"], fact["region"]) == ("alarm", "AlarmStateChanged", "us-east-1")
    assert "orders are many" in fact["summary"]
    assert abs(fact["t"] / 1000 - datetime.now(UTC).timestamp()) < 600
    assert fact["cause"]["origin"], "the call that led to it"
    cloudwatch.set_alarm_state(AlarmName="orders are many", StateValue="OK", StateReason="while away")
    with streaming(browser, "?topics=alarm", **{"last-event-id": seen["id"]}) as events:
        assert next(events)["event"] == "open"
        assert "while away" in next(events)["data"]


def test_the_stream_is_of_the_callers_account(server: ServerProcess, browser: Browser, client) -> None:
    other = Browser(server.port)
    assert other.sign_in("111122223333", "test").json["account"] == "111122223333"
    with streaming(other, "?topics=event") as events:
        assert next(events)["event"] == "open"
        client("logs").create_log_group(logGroupName="/not/theirs")
        client("logs", key="111122223333").create_log_group(logGroupName="/theirs")
        event = json.loads(next(events)["data"])
    assert event["body"]["parameters"]["logGroupName"] == "/theirs"


def test_openapi_is_for_everybody_and_whole(server: ServerProcess) -> None:
    answer = Browser(server.port).api("GET", "openapi.json")
    assert answer.status == 200
    described = answer.json
    text = json.dumps(described)
    for name in set(re.findall(r"#/components/schemas/([^\"]+)", text)):
        assert name in described["components"]["schemas"]
    (q, limit) = described["paths"]["/console/api/search"]["get"]["parameters"]
    assert (q["name"], q["required"], limit["required"]) == ("q", True, False)
    assert described["paths"]["/console/api/session"]["post"]["security"] == []
