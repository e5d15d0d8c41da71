"""PutLogEvents."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from triptych.lake.rows import from_columns
from triptych.services.contract import Ctx, operation
from triptych.services.logs.backlog import Entry, put_by
from triptych.services.logs.batch import judge
from triptych.services.logs.columns import columns, may_hold_metrics, moments, numbers, sizes
from triptych.services.logs.group import METRICS, group_called, stream_called
from triptych.services.logs.moments import millis, moment
from triptych.services.logs.place import Place, new_batch
from triptych.services.logs.tables import LOG_EVENTS


@operation
async def put_log_events(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Store a batch of events; they are durable when this is answered. Sequence tokens are ignored, as on AWS.

    Partly: entity is ignored.
    """
    # Read apart from the unit of work: a commit that found the group changed would start the operation, and so the
    # write to the lake, again.
    reading = ctx.runtime.control.unit()
    group = await group_called(ctx, params["logGroupName"], unit=reading)
    stream = await stream_called(ctx, group, params["logStreamName"], unit=reading)
    times, messages = columns(params["logEvents"])
    counted = sizes(messages)
    now = millis(ctx.now)
    judged = judge(times, pc.sum(counted).as_py(), now=now, retention_days=group.retention_days)
    batch = new_batch(ctx.ids, now)
    answer: dict[str, Any] = {"nextSequenceToken": Place(0, batch, 0).event_id}
    if judged.rejected:
        answer["rejectedLogEventsInfo"] = judged.rejected
    first, count = judged.first, judged.last - judged.first
    if not count:
        return answer
    kept = {
        "account": ctx.account,
        "region": ctx.region,
        "group_id": group.id,
        "stream_id": stream.id,
        "log_stream": stream.name,
        "time": moments(times[first : judged.last]),
        "batch": batch,
        "number": numbers(count),
        "ingested": moment(now),
        "bytes": counted.slice(first, count),
        "message": messages.slice(first, count),
    }
    await ctx.runtime.lake.write(LOG_EVENTS, from_columns(LOG_EVENTS, kept))
    consumers = list(group.subscriptions)
    if group.metric_filters or may_hold_metrics(messages):
        consumers.append(METRICS)
    if consumers:
        entry = Entry(
            group=group.name,
            batch=batch,
            first=times[first],
            last=times[judged.last - 1],
            count=count,
            ingested=now,
        )
        put_by(ctx, group, consumers, entry)
    return answer
