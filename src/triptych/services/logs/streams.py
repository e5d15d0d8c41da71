"""Log streams: CreateLogStream, DeleteLogStream, DescribeLogStreams."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from triptych.kernel import pages
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import (
    STREAMS,
    LogGroup,
    LogStream,
    group_arn,
    group_called,
    group_identified,
    invalid,
    new_id,
    position,
    stream_called,
    stream_key,
)
from triptych.services.logs.moments import millis
from triptych.services.logs.place import Place
from triptych.services.logs.removal import remove_later
from triptych.services.logs.search import kept_since

_DESCRIBED = 50
"""Streams on one page, the default and the most (AWS)."""


@operation
async def create_log_stream(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create a log stream in a group."""
    group = await group_called(ctx, params["logGroupName"])
    name = params["logStreamName"]
    key = stream_key(group, name)
    if await ctx.unit.get(STREAMS, key, account=ctx.account, region=ctx.region) is not None:
        raise ServiceError("ResourceAlreadyExistsException", "The specified log stream already exists")
    stream = LogStream(name=name, id=new_id(ctx.ids), created=millis(ctx.now))
    ctx.unit.create(STREAMS, key, stream, account=ctx.account, region=ctx.region)


@operation
async def delete_log_stream(ctx: Ctx, params: dict[str, Any]) -> None:
    """Delete a log stream and its events."""
    group = await group_called(ctx, params["logGroupName"])
    stream = await stream_called(ctx, group, params["logStreamName"])
    ctx.unit.delete(STREAMS, stream_key(group, stream.name), account=ctx.account, region=ctx.region)
    remove_later(ctx, group, stream)


@operation
async def describe_log_streams(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Streams by name or by the time of their last event. As on AWS, storedBytes of a stream is always 0."""
    group = await group_identified(ctx, params)
    prefix, by_time = params.get("logStreamNamePrefix") or "", params.get("orderBy") == "LastEventTime"
    if prefix and by_time:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    descending, count = bool(params.get("descending")), params.get("limit") or _DESCRIBED
    listing = f"DescribeLogStreams|{group.id}|{prefix}|{by_time}|{descending}"
    after = position(listing, params.get("nextToken"))
    found = await ctx.unit.list(
        STREAMS, account=ctx.account, region=ctx.region, prefix=stream_key(group, prefix)
    )
    streams = [document.value for document in found]
    times = await _seen(ctx, group, None) if by_time else {}

    def rank(stream: LogStream) -> tuple[int, str]:
        """A stream without events comes where the oldest would."""
        return (times[stream.id]["last"] if stream.id in times else 0, stream.name)

    streams.sort(key=rank, reverse=descending)
    if after is not None:
        mark = (after[0], after[1])
        streams = [each for each in streams if (rank(each) < mark if descending else rank(each) > mark)]
    page = streams[:count]
    seen = times
    if not by_time and page:
        seen = await _seen(ctx, group, [stream.id for stream in page])
    answer: dict[str, Any] = {
        "logStreams": [_described(ctx, group, stream, seen.get(stream.id)) for stream in page]
    }
    if len(streams) > count:
        answer["nextToken"] = pages.token(listing, list(rank(page[-1])))
    return answer


def _described(ctx: Ctx, group: LogGroup, stream: LogStream, seen: dict[str, Any] | None) -> dict[str, Any]:
    described = {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "arn": f"{group_arn(ctx, group.name)}:log-stream:{stream.name}",
        "storedBytes": 0,
    }
    if seen is not None:
        described |= {
            "firstEventTimestamp": seen["first"],
            "lastEventTimestamp": seen["last"],
            "lastIngestionTime": seen["ingested"],
            "uploadSequenceToken": Place(0, seen["batch"], 0).event_id,
        }
    return described


async def _seen(ctx: Ctx, group: LogGroup, streams: list[str] | None) -> dict[str, dict[str, Any]]:
    """Stream id -> first and last event, last ingestion (milliseconds), last batch; of all streams if None."""

    def least_and_most(column: str, kind: type[exp.Min] | type[exp.Max], name: str) -> exp.Expr:
        return exp.alias_(kind(this=exp.column(column)), name)

    values: dict[str, Any] = {"group": group.id}
    query = (
        exp.select(
            "stream_id",
            least_and_most("time", exp.Min, "first"),
            least_and_most("time", exp.Max, "last"),
            least_and_most("ingested", exp.Max, "newest"),
            least_and_most("batch", exp.Max, "last_batch"),
        )
        .from_("logs_events")
        .where(exp.column("group_id").eq(exp.Placeholder(this="group")))
        .group_by("stream_id")
    )
    if (since := kept_since(group, ctx.now)) is not None:
        query = query.where(exp.GTE(this=exp.column("time"), expression=exp.Placeholder(this="since")))
        values["since"] = since
    if streams is not None:
        query = query.where(
            exp.ArrayContains(this=exp.Placeholder(this="streams"), expression=exp.column("stream_id"))
        )
        values["streams"] = streams
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return {
        row["stream_id"]: {
            "first": millis(row["first"]),
            "last": millis(row["last"]),
            "ingested": millis(row["newest"]),
            "batch": int(row["last_batch"]),
        }
        for row in rows
    }
