"""StartQuery, GetQueryResults, StopQuery, DescribeQueries, GetLogRecord."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import msgspec
from sqlglot import exp

from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.query.insights import MalformedQuery
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import GROUPS, group_called, invalid, name_of, position
from triptych.services.logs.insights import (
    QUERIES,
    RUN,
    InsightsQuery,
    Row,
    compiled,
    oldest_kept,
    rows_of,
    source_of,
)
from triptych.services.logs.insights_record import discovered
from triptych.services.logs.moments import LATEST, millis

_LANGUAGE = "CWLI"
_DESCRIBED = 1000
_POINTER = re.compile(r"([A-Za-z0-9]+):([0-9]{1,14}):([0-9]{1,19}):([0-9]{1,9})\Z")


@operation
async def start_query(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Start a query; it runs in the background and is read with GetQueryResults.

    Partly: the query language is Logs Insights QL only; SOURCE is refused. Fields are found in JSON messages by
    name, however many there are, and in lines of VPC Flow Logs, Route 53 query logs and Lambda.
    """
    names = _group_names(ctx, params)
    if (params.get("queryLanguage") or _LANGUAGE) != _LANGUAGE:
        raise invalid(f"The query language {params['queryLanguage']} is not supported, only {_LANGUAGE}.")
    start, end = params["startTime"], params["endTime"]
    if end < start:
        raise invalid("The startTime of the query must not be after its endTime.")
    if start * 1000 > LATEST:
        raise invalid("startTime and endTime are seconds since 1970-01-01 00:00:00 UTC.")
    for name in names:
        await group_called(ctx, name)
    active = await ctx.unit.list(
        QUERIES,
        account=ctx.account,
        region=ctx.region,
        index=("active", "yes"),
        limit=limits.INSIGHTS_CONCURRENT,
    )
    if len(active) >= limits.INSIGHTS_CONCURRENT:
        message = (
            f"There are {limits.INSIGHTS_CONCURRENT} queries that have not ended; wait for one or stop it."
        )
        raise ServiceError("LimitExceededException", message)
    query = InsightsQuery(
        id=ctx.ids.uuid(),
        text=params["queryString"],
        groups=names,
        start=start,
        end=end,
        limit=params.get("limit") or limits.INSIGHTS_RESULTS,
        created=millis(ctx.now),
        asked_by=ctx.context.identity.arn,
    )
    try:
        compiled(query, await source_of(ctx, query))
    except MalformedQuery as error:
        raise malformed(error) from error
    ctx.unit.create(QUERIES, query.id, query, account=ctx.account, region=ctx.region)
    ctx.job(RUN, {"id": query.id})
    return {"queryId": query.id}


def malformed(error: MalformedQuery) -> ServiceError:
    where = {"startCharOffset": error.start, "endCharOffset": error.end}
    compile_error = {"location": where, "message": error.message}
    return ServiceError("MalformedQueryException", error.message, fields={"queryCompileError": compile_error})


def _group_names(ctx: Ctx, params: dict[str, Any]) -> tuple[str, ...]:
    name, names = params.get("logGroupName"), params.get("logGroupNames")
    identifiers = params.get("logGroupIdentifiers")
    given = [each for each in ([name] if name else None, names, identifiers) if each]
    if len(given) != 1:
        raise invalid(
            "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given, with at least one log group."
        )
    found = tuple(dict.fromkeys(name_of(ctx, each) for each in given[0]))
    if len(found) > limits.INSIGHTS_GROUPS:
        raise invalid(f"A query reads at most {limits.INSIGHTS_GROUPS} log groups, not {len(found)}.")
    return found


async def query_called(ctx: Ctx, key: str) -> InsightsQuery:
    query = await ctx.unit.get(QUERIES, key, account=ctx.account, region=ctx.region)
    if query is None or query.created < oldest_kept(ctx):
        raise ServiceError("ResourceNotFoundException", f"Query with ID {key} does not exist.")
    return query


@operation
async def get_query_results(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The state of a query and, once it is Complete, its rows, page by page.

    Partly: while it runs the statistics say how much was read so far, but no rows and no matches are told; nothing is
    encrypted or skipped.
    """
    query = await query_called(ctx, params["queryId"])
    listing = f"GetQueryResults|{query.id}"
    first = position(listing, params.get("nextToken")) or 0
    count = params.get("maxItems") or limits.INSIGHTS_RESULTS
    rows = await rows_of(ctx, query, first=first, count=count) if query.results else []
    answer: dict[str, Any] = {
        "queryLanguage": _LANGUAGE,
        "status": query.status,
        "results": [_row(query, row) for row in rows],
        "statistics": {
            "recordsMatched": float(query.matched),
            "recordsScanned": float(query.scanned),
            "bytesScanned": float(query.bytes),
            "estimatedRecordsSkipped": 0.0,
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": float(query.groups_scanned),
            "resultCount": float(query.results),
        },
    }
    if first + count < query.results:
        answer["nextToken"] = pages.token(listing, first + count)
    return answer


def _row(query: InsightsQuery, row: Row) -> list[dict[str, str]]:
    """A field an event does not have is left out, as on AWS."""
    return [
        {"field": name, "value": value}
        for name, value in zip(query.fields, row, strict=True)
        if value is not None
    ]


@operation
async def stop_query(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Stop a query that has not ended; it becomes Cancelled, and the lake stops reading for it."""
    query = await query_called(ctx, params["queryId"])
    if not query.active:
        raise invalid(f"Query with ID [{query.id}] has already ended with status [{query.status}]")
    stopped = msgspec.structs.replace(query, status="Cancelled", ended=millis(ctx.now))
    ctx.unit.put(QUERIES, query.id, stopped, account=ctx.account, region=ctx.region)
    return {"success": True}


@operation
async def describe_queries(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Queries of the last seven days, the newest first."""
    name, status = params.get("logGroupName"), params.get("status")
    found = [
        document.value
        for document in await ctx.unit.list(QUERIES, account=ctx.account, region=ctx.region)
        if document.value.created >= oldest_kept(ctx)
        and (name is None or name in document.value.groups)
        and (status is None or status == document.value.status)
        and params.get("queryLanguage", _LANGUAGE) == _LANGUAGE
    ]
    found.sort(key=lambda query: (query.created, query.id), reverse=True)
    listing = f"DescribeQueries|{name}|{status}"
    after = position(listing, params.get("nextToken"))
    if after is not None:
        found = [query for query in found if [query.created, query.id] < after]
    count = params.get("maxResults") or _DESCRIBED
    answer: dict[str, Any] = {"queries": [_info(query) for query in found[:count]]}
    if len(found) > count:
        last = found[count - 1]
        answer["nextToken"] = pages.token(listing, [last.created, last.id])
    return answer


def _info(query: InsightsQuery) -> dict[str, Any]:
    info: dict[str, Any] = {
        "queryLanguage": _LANGUAGE,
        "queryId": query.id,
        "queryString": query.text,
        "status": query.status,
        "createTime": query.created,
        "logGroupName": query.groups[0],
        "bytesScanned": float(query.bytes),
    }
    if query.asked_by:
        info["userIdentity"] = query.asked_by
    if query.ended:
        info["queryDuration"] = query.ended - query.created
    return info


@operation
async def get_log_record(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One log event with the fields found in it, by the ``@ptr`` of a query's row.

    Partly: unmask is ignored, there is no data protection.
    """
    pointer = params["logRecordPointer"]
    match = _POINTER.match(_decoded(pointer))
    if match is None or int(match[2]) > LATEST or int(match[3]) >= 2**63:
        raise invalid("The logRecordPointer is invalid.")
    missing = ServiceError("ResourceNotFoundException", "The specified log record does not exist.")
    groups = await ctx.unit.list(GROUPS, account=ctx.account, region=ctx.region)
    group = next((each.value for each in groups if each.value.id == match[1]), None)
    if group is None:
        raise missing
    time = int(match[2])
    one = InsightsQuery(
        id="", text="", groups=(group.name,), start=time // 1000, end=time // 1000, limit=1, created=0
    )
    source = await source_of(ctx, one)
    values = {**source.values, "batch": int(match[3]), "number": int(match[4])}
    wanted = (
        exp.select("time", "ingested", "log_stream", "message")
        .from_("logs_events")
        .where(source.condition)
        .where(exp.column("batch").eq(exp.Placeholder(this="batch")))
        .where(exp.column("number").eq(exp.Placeholder(this="number")))
    )
    rows = await ctx.runtime.lake.select(wanted, values, account=ctx.account, region=ctx.region)
    row = next((row for row in rows if millis(row["time"]) == time), None)
    if row is None:
        raise missing
    return {
        "logRecord": {
            **discovered(row["message"]),
            "@timestamp": str(time),
            "@ingestionTime": str(millis(row["ingested"])),
            "@logStream": row["log_stream"],
            "@log": source.groups[group.id],
            "@message": row["message"],
            "@ptr": pointer,
        }
    }


def _decoded(pointer: str) -> str:
    try:
        return base64.b64decode(pointer, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
