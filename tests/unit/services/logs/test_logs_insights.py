"""Insights queries through their operations: on the real stores, jobs run one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from logs_world import ACCOUNT, START, World

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.logs.insights import QUERIES
from triptych.services.logs.moments import millis

NOW = int(START.timestamp())


@pytest.fixture
async def world(logs_world: World) -> World:
    messages = [json.dumps({"status": 200 + 100 * (n % 4), "ms": n, "ok": n % 2 == 0}) for n in range(10)]
    await put(logs_world, "g", "s", messages)
    return logs_world


async def put(world: World, group: str, stream: str, messages: list[str]) -> None:
    events = [
        {"timestamp": millis(START) - 60_000 + 1000 * number, "message": message}
        for number, message in enumerate(messages)
    ]
    await world.call("put_log_events", logGroupName=group, logStreamName=stream, logEvents=events)


async def started(world: World, text: str, **params: Any) -> str:
    given = {"logGroupName": "g", "startTime": NOW - 3600, "endTime": NOW, "queryString": text} | params
    answer = await world.call("start_query", **{k: v for k, v in given.items() if v is not None})
    return answer["queryId"]


async def result(world: World, text: str, **params: Any) -> dict[str, Any]:
    key = await started(world, text, **params)
    assert (await world.call("get_query_results", queryId=key))["status"] == "Scheduled"
    await world.run_jobs()
    answer = await world.call("get_query_results", queryId=key)
    assert answer["status"] == "Complete"
    return answer


def plain(answer: dict[str, Any]) -> list[dict[str, str]]:
    return [{each["field"]: each["value"] for each in row} for row in answer["results"]]


async def refused(world: World, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await world.call(operation, **params)
    return caught.value


async def test_rows_and_statistics(world: World) -> None:
    answer = await result(
        world, "filter status >= 400 | stats count(*) as n, max(ms) by status | sort status"
    )
    assert plain(answer) == [
        {"status": "400", "n": "2", "max(ms)": "6"},
        {"status": "500", "n": "2", "max(ms)": "7"},
    ]
    size = sum(
        26 + len(json.dumps({"status": 200 + 100 * (n % 4), "ms": n, "ok": n % 2 == 0})) for n in range(10)
    )
    assert answer["statistics"] == {
        "recordsMatched": 4.0,
        "recordsScanned": 10.0,
        "bytesScanned": float(size),
        "estimatedRecordsSkipped": 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": 1.0,
        "resultCount": 2.0,
    }


async def test_what_is_shown_when_nobody_says(world: World) -> None:
    answer = await result(world, "filter ms = 9")
    (row,) = plain(answer)
    assert list(row) == ["@timestamp", "@message", "@ptr"]
    assert row["@timestamp"] == "2026-03-04 05:05:16.000"
    assert answer["statistics"]["recordsMatched"] == 1.0


async def test_a_record_by_its_pointer(world: World) -> None:
    (row,) = plain(await result(world, "fields @log, @logStream, @ingestionTime | filter ms = 3"))
    assert (row["@log"], row["@logStream"]) == (f"{ACCOUNT}:g", "s")
    assert row["@ingestionTime"] == "2026-03-04 05:06:07.000"
    record = (await world.call("get_log_record", logRecordPointer=row["@ptr"]))["logRecord"]
    assert record == {
        "status": "500",
        "ms": "3",
        "ok": "0",
        "@timestamp": str(millis(START) - 57_000),
        "@ingestionTime": str(millis(START)),
        "@logStream": "s",
        "@log": f"{ACCOUNT}:g",
        "@message": '{"status": 500, "ms": 3, "ok": false}',
        "@ptr": row["@ptr"],
    }
    for pointer in ("nonsense", "aGk="):
        error = await refused(world, "get_log_record", logRecordPointer=pointer)
        assert error.code == "InvalidParameterException"
    await world.call("delete_log_group", logGroupName="g")
    error = await refused(world, "get_log_record", logRecordPointer=row["@ptr"])
    assert error.code == "ResourceNotFoundException"


async def test_several_groups_and_time(world: World) -> None:
    await world.call("create_log_group", logGroupName="h")
    await world.call("create_log_stream", logGroupName="h", logStreamName="t")
    await put(world, "h", "t", ['{"ms": 100}'])
    both = ["g", f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:h:*"]
    answer = await result(world, "stats count(*) by @log", logGroupName=None, logGroupIdentifiers=both)
    assert plain(answer) == [
        {"@log": f"{ACCOUNT}:g", "count(*)": "10"},
        {"@log": f"{ACCOUNT}:h", "count(*)": "1"},
    ]
    assert answer["statistics"]["logGroupsScanned"] == 2.0
    inside = {"startTime": NOW - 58, "endTime": NOW - 56}
    answer = await result(world, "stats sum(ms)", **inside)
    assert plain(answer) == [{"sum(ms)": "9"}]
    await world.call("delete_log_stream", logGroupName="g", logStreamName="s")
    answer = await result(world, "stats count(*)", logGroupName=None, logGroupNames=["g", "h", "g"])
    assert plain(answer) == [{"count(*)": "1"}]
    assert answer["statistics"]["recordsScanned"] == 1.0


async def test_retention_holds_before_the_lake_forgets(world: World) -> None:
    await world.call("put_retention_policy", logGroupName="g", retentionInDays=1)
    world.clock.time = START.replace(day=5, minute=5, second=12)
    answer = await result(world, "stats count(*), min(ms)", startTime=0, endTime=NOW)
    assert plain(answer) == [{"count(*)": "5", "min(ms)": "5"}]


@pytest.mark.parametrize("kept", [0, 4096])
async def test_limits_and_pages(world: World, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    """In the lake, and with the query."""
    monkeypatch.setattr(limits, "INSIGHTS_KEPT_CHARACTERS", kept)
    assert len(plain(await result(world, "fields ms", limit=3))) == 3
    assert len(plain(await result(world, "fields ms | limit 4", limit=3))) == 4
    key = await started(world, "display ms | sort ms")
    await world.run_jobs()
    found, token = [], None
    while True:
        params = {"queryId": key, "maxItems": 4} | ({"nextToken": token} if token else {})
        answer = await world.call("get_query_results", **params)
        found += [row["ms"] for row in plain(answer)]
        token = answer.get("nextToken")
        if token is None:
            break
    assert found == [str(number) for number in range(10)]
    error = await refused(world, "get_query_results", queryId=key, nextToken="x")
    assert error.code == "InvalidParameterException"


async def test_where_a_query_is_wrong(world: World) -> None:
    text = "fields ms\n| stat count(*)"
    with pytest.raises(ServiceError) as caught:
        await started(world, text)
    error = caught.value
    assert error.code == "MalformedQueryException"
    assert error.message == (
        "unexpected symbol found stat at line 2 and position 2; a command is expected. Did you mean 'stats'?"
    )
    assert error.fields["queryCompileError"] == {
        "location": {"startCharOffset": text.index("stat"), "endCharOffset": text.index("stat") + 4},
        "message": error.message,
    }


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"logGroupName": "missing"}, "ResourceNotFoundException"),
        ({"logGroupName": None}, "InvalidParameterException"),
        ({"logGroupNames": ["g"]}, "InvalidParameterException"),
        ({"logGroupName": None, "logGroupNames": [f"g{n}" for n in range(51)]}, "InvalidParameterException"),
        ({"endTime": 0}, "InvalidParameterException"),
        ({"startTime": NOW * 1000, "endTime": NOW * 1000}, "InvalidParameterException"),
        ({"queryLanguage": "SQL"}, "InvalidParameterException"),
        ({"queryString": ""}, "MalformedQueryException"),
    ],
)
async def test_what_start_query_refuses(world: World, params: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        await started(world, params.pop("queryString", "fields ms"), **params)
    assert caught.value.code == code
    assert await world.run_jobs() == 0


async def test_too_many_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INSIGHTS_CONCURRENT", 2)
    for _ in range(2):
        await started(world, "fields ms")
    with pytest.raises(ServiceError) as caught:
        await started(world, "fields ms")
    assert caught.value.code == "LimitExceededException"
    await world.run_jobs()
    await started(world, "fields ms")


async def test_stop(world: World) -> None:
    key = await started(world, "fields ms")
    assert await world.call("stop_query", queryId=key) == {"success": True}
    await world.run_jobs()
    answer = await world.call("get_query_results", queryId=key)
    assert (answer["status"], answer["results"]) == ("Cancelled", [])
    error = await refused(world, "stop_query", queryId=key)
    assert error.code == "InvalidParameterException"
    error = await refused(world, "stop_query", queryId="nobody")
    assert error.code == "ResourceNotFoundException"


async def test_stop_while_it_runs(world: World) -> None:
    """The lake does not answer; the query is stopped, and its job ends."""
    import asyncio

    began, asked = asyncio.Event(), asyncio.Event()

    class Stuck:
        async def select(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                asked.set()
            return []

        async def rows_read(self, _: str) -> int:
            return 0

    key = await started(world, "fields ms")
    lake, world.lake = world.lake, Stuck()  # type: ignore[assignment]
    running = asyncio.create_task(world.run_jobs())
    await began.wait()
    while (await world.call("get_query_results", queryId=key))["status"] != "Running":
        await world.clock.sleep(0)
    await world.call("stop_query", queryId=key)
    await running
    assert asked.is_set()
    world.lake = lake
    assert (await world.call("get_query_results", queryId=key))["status"] == "Cancelled"


async def test_a_query_that_runs_says_how_much_it_has_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    released, select, names = asyncio.Event(), world.lake.select, []

    async def slow(*given: Any, called: str = "", **more: Any) -> list[dict[str, Any]]:
        if called:
            names.append(called)
            await released.wait()
        return await select(*given, called=called, **more)

    async def rows_read(called: str) -> int:
        names.append(called)
        return 3 * (len(names) - 1)

    monkeypatch.setattr(world.lake, "select", slow)
    monkeypatch.setattr(world.lake, "rows_read", rows_read)
    key = await started(world, "stats count(*) as n")
    running = asyncio.create_task(world.run_jobs())
    told: list[tuple[float, float]] = []
    while not told or told[-1][0] < 10:  # no more than there is, though more was read
        answer = await world.call("get_query_results", queryId=key)
        statistics = answer["statistics"]
        told.append((statistics["recordsScanned"], statistics["bytesScanned"]))
        assert answer["status"] in {"Scheduled", "Running"} and answer["results"] == []
        await world.clock.sleep(0)
    released.set()
    await running
    answer = await world.call("get_query_results", queryId=key)
    assert answer["status"] == "Complete"
    whole = answer["statistics"]["bytesScanned"]
    assert len(set(names)) == 1
    assert told == sorted(told) and told[-1] == (10.0, whole)
    assert all(size == whole * events // 10 for events, size in told)


async def test_a_run_that_was_cut_off_is_run_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INSIGHTS_KEPT_CHARACTERS", 0)
    key = await started(world, "stats count(*) as n")
    real, calls = world.lake.write, []

    async def torn(*_: Any, **__: Any) -> None:
        calls.append(1)
        raise OSError("the disk went away")

    world.lake.write = torn  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk"):
        await world.run_jobs()
    world.lake.write = real  # type: ignore[method-assign]
    assert (await world.call("get_query_results", queryId=key))["status"] in {"Scheduled", "Running"}
    await world.run_jobs()
    answer = await world.call("get_query_results", queryId=key)
    assert (answer["status"], plain(answer), calls) == ("Complete", [{"n": "10"}], [1])


async def test_describe_and_forget(world: World) -> None:
    first = await started(world, "fields ms")
    await world.run_jobs()
    await world.clock.sleep(5)
    second = await started(world, "fields ok")
    found = (await world.call("describe_queries"))["queries"]
    assert [each["queryId"] for each in found] == [second, first]
    assert found[1] == {
        "queryLanguage": "CWLI",
        "queryId": first,
        "queryString": "fields ms",
        "status": "Complete",
        "createTime": millis(START),
        "logGroupName": "g",
        "bytesScanned": found[1]["bytesScanned"],
        "queryDuration": found[1]["queryDuration"],
    }
    page = await world.call("describe_queries", maxResults=1)
    rest = await world.call("describe_queries", maxResults=1, nextToken=page["nextToken"])
    assert [each["queryId"] for each in page["queries"] + rest["queries"]] == [second, first]
    assert "nextToken" not in rest
    waiting = await world.call("describe_queries", status="Scheduled", logGroupName="g")
    assert [each["queryId"] for each in waiting["queries"]] == [second]
    assert (await world.call("describe_queries", logGroupName="h"))["queries"] == []
    await world.clock.sleep(limits.INSIGHTS_DAYS * 86_400)
    error = await refused(world, "get_query_results", queryId=first)
    assert error.code == "ResourceNotFoundException"
    await world.clock.sleep(3600)
    await world.periodic("logs.forget_queries")
    assert await world.store.unit().list(QUERIES) == []


async def test_definitions(world: World) -> None:
    put_definition = {"name": "errors/by-status", "queryString": "stats count(*) by status"}
    token = "t" * 36
    key = (await world.call("put_query_definition", **put_definition, clientToken=token))["queryDefinitionId"]
    again = await world.call("put_query_definition", **put_definition, clientToken=token)
    assert again == {"queryDefinitionId": key}
    await world.call("put_query_definition", name="other", queryString="fields a", logGroupNames=["g"])
    found = (await world.call("describe_query_definitions", queryDefinitionNamePrefix="errors/"))[
        "queryDefinitions"
    ]
    assert found == [
        {
            "queryLanguage": "CWLI",
            "queryDefinitionId": key,
            "name": "errors/by-status",
            "queryString": "stats count(*) by status",
            "lastModified": millis(START),
            "logGroupNames": [],
        }
    ]
    changed = {"name": "errors", "queryString": "fields b", "queryDefinitionId": key}
    assert await world.call("put_query_definition", **changed) == {"queryDefinitionId": key}
    page = await world.call("describe_query_definitions", maxResults=1)
    rest = await world.call("describe_query_definitions", maxResults=1, nextToken=page["nextToken"])
    names = [each["name"] for each in page["queryDefinitions"] + rest["queryDefinitions"]]
    assert names == ["errors", "other"] and "nextToken" not in rest
    assert await world.call("delete_query_definition", queryDefinitionId=key) == {"success": True}
    for operation, params in (
        ("delete_query_definition", {"queryDefinitionId": key}),
        ("put_query_definition", changed),
    ):
        assert (await refused(world, operation, **params)).code == "ResourceNotFoundException"


async def test_the_fields_of_a_group(world: World) -> None:
    system = ["@ingestionTime", "@log", "@logStream", "@message", "@ptr", "@timestamp"]
    answer = await world.call("get_log_group_fields", logGroupName="g")
    assert answer["logGroupFields"] == [{"name": name, "percent": 100} for name in [*system, "ms", "ok", "status"]]  # fmt: skip
    lambda_line = "REPORT RequestId: x\tDuration: 3 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 67 MB\t"
    await world.call("create_log_group", logGroupName="h")
    await world.call("create_log_stream", logGroupName="h", logStreamName="s")
    await put(world, "h", "s", ['{"a": {"b": 1}, "@id": 2}', '{"a": {"b": 1}}', "plain", lambda_line])
    arn = f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:h"
    answer = await world.call("get_log_group_fields", logGroupIdentifier=arn)
    assert [(each["name"], each["percent"]) for each in answer["logGroupFields"] if each["name"] not in system] == [
        ("a.b", 50), ("@@id", 25), ("@billedDuration", 25), ("@duration", 25), ("@maxMemoryUsed", 25),
        ("@memorySize", 25), ("@type", 25),
    ]  # fmt: skip
    # The 8 minutes before and behind a time, or nothing.
    assert (await world.call("get_log_group_fields", logGroupName="g", time=NOW - 480))["logGroupFields"]
    assert (await world.call("get_log_group_fields", logGroupName="g", time=NOW - 3600))[
        "logGroupFields"
    ] == []
    assert (await refused(world, "get_log_group_fields")).code == "InvalidParameterException"
    assert (
        await refused(world, "get_log_group_fields", logGroupName="no")
    ).code == "ResourceNotFoundException"
    wrong = await refused(world, "get_log_group_fields", logGroupName="g", time=10**13)
    assert wrong.code == "InvalidParameterException"


async def test_the_groups_of_a_query(world: World) -> None:
    names = [f"g{number:02}" for number in range(50)]
    for name in names:
        await world.call("create_log_group", logGroupName=name)
    key = await started(world, "limit 1", logGroupName=None, logGroupNames=names)
    first = await world.call("list_log_groups_for_query", queryId=key, maxResults=30)
    assert first["logGroupIdentifiers"] == names[:30]
    rest = await world.call(
        "list_log_groups_for_query", queryId=key, maxResults=30, nextToken=first["nextToken"]
    )
    assert rest == {"logGroupIdentifiers": names[30:]}
    assert (
        await refused(world, "list_log_groups_for_query", queryId="x")
    ).code == "ResourceNotFoundException"
