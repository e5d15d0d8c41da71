"""The audit trail in the lake: one row a record, with the columns LookupEvents and delivery select by."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import msgspec

from triptych.bus.batch import Batch
from triptych.kernel.fact import Fact
from triptych.lake.table import Column, Table
from triptych.services.cloudtrail.identity import username
from triptych.services.cloudtrail.record import api_call, record
from triptych.services.cloudtrail.resources import lookup_resources
from triptych.services.contract import Ctx, Reaction

EVENTS = Table(
    name="cloudtrail_events",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("seq", "UInt64", codec="Delta, ZSTD(1)"),
        Column("event_id", "String"),
        Column("event_name", "LowCardinality(String)"),
        Column("event_source", "LowCardinality(String)"),
        Column("read_only", "Bool"),
        Column("username", "String"),
        Column("access_key_id", "String"),
        Column("resource_types", "Array(String)"),
        Column("resource_names", "Array(String)"),
        Column("category", "LowCardinality(String)"),
        Column("management", "Bool"),
        Column("error_code", "LowCardinality(String)"),
        Column("source_ip", "String"),
        Column("identity_arn", "String"),
        Column("cause", "String"),
        Column("origin", "String"),
        Column("record", "String", codec="ZSTD(3)"),
    ),
    order_by=("account", "region", "time", "event_id"),
    partition_by="toYYYYMM(time)",
)
"""``seq`` is the fact's place in the outbox. Rows appear in its order, whatever their times are, so a reader that
remembers the last ``seq`` it saw misses nothing that arrives late."""


def row(fact: Fact) -> dict[str, Any]:
    """An ApiCall fact as a row of ``EVENTS``. ``region`` is the record's, not the caller's (global services)."""
    call = api_call(fact)
    made = record(fact)
    resources = lookup_resources(made)
    return {
        "account": fact.account,
        "region": made["awsRegion"],
        "time": fact.time,
        "seq": fact.seq,
        "event_id": fact.id,
        "event_name": made["eventName"],
        "event_source": made["eventSource"],
        "read_only": made["readOnly"],
        "username": username(call.identity),
        "access_key_id": call.identity.access_key_id,
        "resource_types": [kind for kind, _ in resources],
        "resource_names": [name for _, name in resources],
        "category": made["eventCategory"],
        "management": made["managementEvent"],
        "error_code": made.get("errorCode", ""),
        "source_ip": made["sourceIPAddress"],
        "identity_arn": call.identity.arn,
        "cause": fact.cause.parent if fact.cause else "",
        "origin": fact.cause.origin if fact.cause else fact.id,
        "record": msgspec.json.encode(made).decode(),
    }


async def _record(ctx: Ctx, batch: Batch) -> None:
    # One insert never spans two partitions: it would not appear at once, and a reader that goes by `seq` could
    # pass rows that are not there yet. Months of consecutive facts change rarely, so this is one insert.
    months = groupby(map(row, batch.facts), key=lambda each: (each["time"].year, each["time"].month))
    for number, (_, rows) in enumerate(months):
        await ctx.runtime.lake.write(EVENTS, list(rows), token=f"{batch.token}.{number}")


RECORD = Reaction(name="cloudtrail.record", kinds=frozenset({"ApiCall"}), handle=_record)
