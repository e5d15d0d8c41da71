"""CloudWatch Logs Insights from an unmodified client, on a real server."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def logs(client):
    logs = client("logs")
    logs.create_log_group(logGroupName="/shop/web")
    logs.create_log_stream(logGroupName="/shop/web", logStreamName="one")
    now = int(time.time() * 1000)
    events = [
        {
            "timestamp": now - 1000 * (60 - number),
            "message": json.dumps(
                {
                    "request": {"path": f"/p{number % 3}"},
                    "status": 500 if number % 5 == 0 else 200,
                    "ms": number * 1.5,
                }
            ),
        }
        for number in range(60)
    ]
    logs.put_log_events(logGroupName="/shop/web", logStreamName="one", logEvents=events)
    return logs


@pytest.fixture
def ask(logs, eventually):
    def run(text: str, **params):
        now = int(time.time())
        key = logs.start_query(
            logGroupName="/shop/web", startTime=now - 3600, endTime=now + 60, queryString=text, **params
        )["queryId"]

        def ended():
            answer = logs.get_query_results(queryId=key)
            return answer if answer["status"] not in ("Scheduled", "Running") else None

        answer = eventually(ended, what="the end of a query")
        assert answer["status"] == "Complete"
        return [{each["field"]: each["value"] for each in row} for row in answer["results"]], answer

    return run


def test_stats(ask) -> None:
    rows, answer = ask(
        """fields @timestamp, request.path as path   # comments are comments
        | filter status >= 500 and @message like /"ms"/
        | stats count(*) as failures, avg(ms) as mean, max(ms) by path
        | sort path asc"""
    )
    assert rows == [
        {"path": "/p0", "failures": "4", "mean": "33.75", "max(ms)": "67.5"},
        {"path": "/p1", "failures": "4", "mean": "48.75", "max(ms)": "82.5"},
        {"path": "/p2", "failures": "4", "mean": "41.25", "max(ms)": "75"},
    ]
    statistics = answer["statistics"]
    assert (statistics["recordsMatched"], statistics["recordsScanned"]) == (12.0, 60.0)
    assert statistics["bytesScanned"] > 60 * 26


def test_newest_first_and_a_record(ask, logs) -> None:
    rows, _ = ask("fields @timestamp, @message, status", limit=2)
    assert [json.loads(row["@message"])["ms"] for row in rows] == [88.5, 87.0]
    record = logs.get_log_record(logRecordPointer=rows[0]["@ptr"])["logRecord"]
    assert record["request.path"] == "/p2" and record["@logStream"] == "one"


def test_an_error_says_where(logs) -> None:
    with pytest.raises(ClientError) as caught:
        logs.start_query(
            logGroupName="/shop/web", startTime=0, endTime=1, queryString="fields a | fliter a = 1"
        )
    response = caught.value.response
    assert response["Error"]["Code"] == "MalformedQueryException"
    assert response["queryCompileError"]["location"] == {"startCharOffset": 11, "endCharOffset": 17}
    assert "Did you mean 'filter'?" in response["queryCompileError"]["message"]


def test_stop_and_describe(logs, ask) -> None:
    ask("stats count(*)")
    listed = logs.describe_queries(logGroupName="/shop/web", status="Complete")["queries"]
    assert listed[0]["queryString"] == "stats count(*)"
    with pytest.raises(ClientError) as caught:
        logs.stop_query(queryId=listed[0]["queryId"])
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


def test_definitions(logs) -> None:
    key = logs.put_query_definition(name="slow", queryString="filter ms > 1000")["queryDefinitionId"]
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="sl")["queryDefinitions"]
    assert (found["queryDefinitionId"], found["queryString"]) == (key, "filter ms > 1000")
    assert logs.delete_query_definition(queryDefinitionId=key)["success"] is True
    assert logs.describe_query_definitions()["queryDefinitions"] == []
