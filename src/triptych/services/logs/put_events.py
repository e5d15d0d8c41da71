"""PutLogEvents."""

from __future__ import annotations

from typing import Any

from triptych.lake.rows import from_columns
from triptych.services.contract import Ctx, operation
from triptych.services.logs.backlog import Entry, put_by
from triptych.services.logs.batch import judge
from triptych.services.logs.emf import may_be_metrics
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
    events = params["logEvents"]
    now = millis(ctx.now)
    judged = judge(events, now=now, retention_days=group.retention_days)
    batch = new_batch(ctx.ids, now)
    answer: dict[str, Any] = {"nextSequenceToken": Place(0, batch, 0).event_id}
    if judged.rejected:
        answer["rejectedLogEventsInfo"] = judged.rejected
    kept = events[judged.first : judged.last]
    if not kept:
        return answer
    columns = {
        "account": ctx.account,
        "region": ctx.region,
        "group_id": group.id,
        "stream_id": stream.id,
        "log_stream": stream.name,
        "time": [event["timestamp"] for event in kept],
        "batch": batch,
        "number": list(range(len(kept))),
        "ingested": moment(now),
        "bytes": list(judged.sizes[judged.first : judged.last]),
        "message": [event["message"] for event in kept],
    }
    await ctx.runtime.lake.write(LOG_EVENTS, from_columns(LOG_EVENTS, columns))
    consumers = list(group.subscriptions)
    if group.metric_filters or any(may_be_metrics(event["message"]) for event in kept):
        consumers.append(METRICS)
    if consumers:
        entry = Entry(
            group=group.name,
            batch=batch,
            first=kept[0]["timestamp"],
            last=kept[-1]["timestamp"],
            count=len(kept),
            ingested=now,
        )
        put_by(ctx, group, consumers, entry)
    return answer
