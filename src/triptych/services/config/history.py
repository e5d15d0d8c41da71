"""History: ItemChanged and ComplianceChanged facts become rows of the lake. Rows are pure functions of facts."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from triptych.bus.batch import Batch
from triptych.kernel.fact import Fact
from triptych.services.config.item import compact
from triptych.services.config.tables import CONFIG_EVALUATIONS, CONFIG_ITEMS
from triptych.services.contract import Ctx, Reaction

__all__ = ["HISTORY", "evaluation_row", "item_row"]


async def _record(ctx: Ctx, batch: Batch) -> None:
    items = [item_row(fact) for fact in batch.facts if fact.kind == "ItemChanged"]
    evaluations = [evaluation_row(fact) for fact in batch.facts if fact.kind == "ComplianceChanged"]
    # One insert never spans two partitions: it would not appear at once, and history files go by `seq`.
    months = groupby(items, key=lambda row: (row["time"].year, row["time"].month))
    for number, (_, rows) in enumerate(months):
        await ctx.runtime.lake.write(CONFIG_ITEMS, list(rows), token=f"{batch.token}/items.{number}")
    if evaluations:
        await ctx.runtime.lake.write(CONFIG_EVALUATIONS, evaluations, token=f"{batch.token}/evaluations")


def item_row(fact: Fact) -> dict[str, Any]:
    item = fact.body["item"]
    return {
        "account": fact.account,
        "region": fact.region,
        "resource_type": item["resourceType"],
        "resource_id": item["resourceId"],
        "time": datetime.fromisoformat(item["configurationItemCaptureTime"]),
        "state_id": item["configurationStateId"],
        "status": item["configurationItemStatus"],
        "resource_name": item["resourceName"] or "",
        "arn": item["ARN"],
        "tags": item["tags"],
        "item": compact(item),
        "diff": compact(fact.body["diff"]),
        "seq": fact.seq,
        **_cause(fact),
    }


def evaluation_row(fact: Fact) -> dict[str, Any]:
    new, old = fact.body["newEvaluationResult"], fact.body["oldEvaluationResult"]
    return {
        "account": fact.account,
        "region": fact.region,
        "rule_name": fact.body["configRuleName"],
        "resource_type": fact.body["resourceType"],
        "resource_id": fact.body["resourceId"],
        "time": datetime.fromisoformat(new["resultRecordedTime"]),
        "compliance": new["complianceType"],
        "previous": "" if old is None else old["complianceType"],
        "annotation": new["annotation"] or "",
        "ordering_time": datetime.fromisoformat(new["evaluationResultIdentifier"]["orderingTimestamp"]),
        **_cause(fact),
    }


def _cause(fact: Fact) -> dict[str, str]:
    return {
        "fact_id": fact.id,
        "cause_parent": "" if fact.cause is None else fact.cause.parent,
        "cause_origin": fact.id if fact.cause is None else fact.cause.origin,
    }


HISTORY = Reaction(
    name="config.history", kinds=frozenset({"ItemChanged", "ComplianceChanged"}), handle=_record
)
