"""An alarm's history: facts become rows of the lake, and DescribeAlarmHistory reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlglot import exp

from triptych.bus.batch import Batch
from triptych.kernel import limits
from triptych.kernel.fact import Fact
from triptych.lake.table import Column, Table
from triptych.services.contract import Ctx, Reaction

__all__ = ["HISTORY", "KEEP", "history_query", "item", "row"]

_DATA_CHARACTERS = 4095
"""The model's longest HistoryData."""
_SUMMARY_CHARACTERS = 255

HISTORY = Table(
    name="cloudwatch_alarm_history",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("id", "String"),
        Column("alarm_name", "String"),
        Column("alarm_type", "LowCardinality(String)"),
        Column("item_type", "LowCardinality(String)"),
        Column("summary", "String"),
        Column("data", "String", codec="ZSTD(3)"),
        Column("cause_parent", "String"),
        Column("cause_origin", "String"),
    ),
    order_by=("account", "region", "time", "id"),
    partition_by="toYYYYMM(time)",
    ttl=f"toDateTime(time) + INTERVAL {limits.ALARM_HISTORY_DAYS} DAY",
)
"""One row an item. ``id`` is its fact's."""


def row(fact: Fact) -> dict[str, Any] | None:
    """A fact as a row of ``HISTORY``; None for one that history does not tell."""
    told = {"AlarmConfigured": _configured, "AlarmStateChanged": _state, "AlarmActed": _acted}[fact.kind](
        fact
    )
    if told is None:
        return None
    time, item_type, summary, data = told
    return {
        "account": fact.account,
        "region": fact.region,
        "time": time,
        "id": fact.id,
        "alarm_name": fact.body["alarmName"],
        "alarm_type": fact.body["alarmType"],
        "item_type": item_type,
        "summary": summary[:_SUMMARY_CHARACTERS],
        "data": data,
        "cause_parent": fact.cause.parent if fact.cause else "",
        "cause_origin": fact.cause.origin if fact.cause else fact.id,
    }


_Told = tuple[datetime, str, str, str] | None


def _configured(fact: Fact) -> _Told:
    body = fact.body
    operation = body["operation"]
    data: dict[str, Any] = {
        "version": "1.0",
        "type": operation.capitalize(),
        f"{operation}dAlarm": body["alarm"],
    }
    if "previous" in body:
        data["previousAlarm"] = body["previous"]
    text = _short(data, ["previousAlarm"])
    return fact.time, "ConfigurationUpdate", f'Alarm "{body["alarmName"]}" {operation}d', text


def _state(fact: Fact) -> _Told:
    new, old = fact.body["state"], fact.body["previousState"]
    if new["value"] == old["value"]:
        return None
    data = {"version": "1.0", "oldState": _state_of(old), "newState": _state_of(new)}
    time = datetime.fromisoformat(new["timestamp"])
    text = _short(data, ["oldState.stateReasonData", "newState.stateReasonData"])
    return time, "StateUpdate", f"Alarm updated from {old['value']} to {new['value']}", text


def _state_of(state: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"stateValue": state["value"], "stateReason": state.get("reason", "")}
    if data := state.get("reasonData"):
        shown["stateReasonData"] = msgspec.json.decode(data)
    for name in ("actionsSuppressedBy", "actionsSuppressedReason"):
        if name in state:
            shown[name] = state[name]
    return shown


def _acted(fact: Fact) -> _Told:
    body, error = fact.body, fact.body["error"]
    data = {
        "actionState": "Failed" if error else "Succeeded",
        "stateUpdateTimestamp": body["stateUpdateTimestamp"],
        "notificationResource": body["action"],
        "publishedMessage": body["publishedMessage"],
    }
    if error:
        data["error"] = error
        summary = f'Failed to execute action {body["action"]}. Received error: "{error}"'
    else:
        summary = f"Successfully executed action {body['action']}"
    return fact.time, "Action", summary, _short(data, ["publishedMessage"])


def _short(data: dict[str, Any], dispensable: Sequence[str]) -> str:
    """The JSON, without what can be spared if it would be longer than HistoryData may be."""
    text = msgspec.json.encode(data).decode()
    for path in dispensable:
        if len(text) <= _DATA_CHARACTERS:
            break
        outer, _, inner = path.partition(".")
        if inner:
            data = {**data, outer: {k: v for k, v in data[outer].items() if k != inner}}
        else:
            data = {k: v for k, v in data.items() if k != outer}
        text = msgspec.json.encode(data).decode()
    return text


async def _keep(ctx: Ctx, batch: Batch) -> None:
    rows = [each for fact in batch.facts if (each := row(fact)) is not None]
    if rows:
        await ctx.runtime.lake.write(HISTORY, rows, token=batch.token)


KEEP = Reaction(
    name="cloudwatch.alarm_history",
    kinds=frozenset({"AlarmConfigured", "AlarmStateChanged", "AlarmActed"}),
    handle=_keep,
)


def history_query(
    *,
    alarm: str | None,
    types: Sequence[str],
    item_type: str | None,
    start: datetime,
    end: datetime,
    after: tuple[datetime, str] | None,
    ascending: bool,
    limit: int,
) -> tuple[exp.Select, dict[str, Any]]:
    """Items in [start, end], one page of them, beyond ``after`` in the direction of reading."""
    time, id_ = exp.column("time"), exp.column("id")
    query = (
        exp.select("time", "id", "alarm_name", "alarm_type", "item_type", "summary", "data")
        .from_(HISTORY.name)
        .where(exp.GTE(this=time.copy(), expression=exp.Placeholder(this="start")))
        .where(exp.LTE(this=time.copy(), expression=exp.Placeholder(this="end")))
    )
    values: dict[str, Any] = {"start": start, "end": end}
    if len(types) == 1:
        query = query.where(exp.column("alarm_type").eq(exp.Placeholder(this="alarm_type")))
        values["alarm_type"] = types[0]
    for name, value in (("alarm_name", alarm), ("item_type", item_type)):
        if value is not None:
            query = query.where(exp.column(name).eq(exp.Placeholder(this=name)))
            values[name] = value
    if after is not None:
        values["after_time"], values["after_id"] = after
        beyond = exp.GT if ascending else exp.LT
        later = beyond(this=time.copy(), expression=exp.Placeholder(this="after_time"))
        same = exp.and_(
            time.copy().eq(exp.Placeholder(this="after_time")),
            beyond(this=id_.copy(), expression=exp.Placeholder(this="after_id")),
        )
        query = query.where(exp.or_(later, same))
    order = [exp.Ordered(this=exp.column(name), desc=not ascending) for name in ("time", "id")]
    return query.order_by(*order).limit(limit), values


def item(found: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a member of AlarmHistoryItems."""
    return {
        "AlarmName": found["alarm_name"],
        "AlarmType": found["alarm_type"],
        "Timestamp": found["time"],
        "HistoryItemType": found["item_type"],
        "HistorySummary": found["summary"],
        "HistoryData": found["data"],
    }
