"""The timeline: every fact of every kind as one row, so that *what happened and why* is one query.

Belongs to no AWS service. ``TIMELINE`` and ``REACTION`` write it, ``chain`` reads one story out of it, from the
first cause to the last consequence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlglot import exp

from triptych.bus.batch import Batch
from triptych.kernel.fact import Fact, FactKind
from triptych.lake.lake import Lake
from triptych.lake.table import Column, Table
from triptych.services.contract import Ctx, Reaction

__all__ = ["CHAIN_EVENTS", "REACTION", "TIMELINE", "chain", "row", "summary"]

CHAIN_EVENTS = 1000
"""The longest chain ``chain`` answers, oldest first (ours: a story longer than that is a loop)."""

TIMELINE = Table(
    name="timeline",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("id", "String"),
        Column("kind", "LowCardinality(String)"),
        Column("subject", "String"),
        Column("cause", "String"),
        Column("origin", "String"),
        Column("depth", "UInt32"),
        Column("summary", "String"),
        Column("body", "String", codec="ZSTD(3)"),
    ),
    order_by=("account", "region", "time", "id"),
    partition_by="toYYYYMM(time)",
)
"""One row a fact. ``cause`` is the fact that led to it directly (empty for a first one), ``origin`` the first of
its chain (its own id for a first one), so everything of one story has one origin."""


def row(fact: Fact) -> dict[str, Any]:
    """A fact as a row of ``TIMELINE``."""
    cause = fact.cause
    return {
        "account": fact.account,
        "region": fact.region,
        "time": fact.time,
        "id": fact.id,
        "kind": fact.kind,
        "subject": fact.subject,
        "cause": cause.parent if cause else "",
        "origin": cause.origin if cause else fact.id,
        "depth": cause.depth if cause else 0,
        "summary": summary(fact),
        "body": msgspec.json.encode(fact.body).decode(),
    }


def summary(fact: Fact) -> str:
    """One line for people: who did what, or what changed from what to what."""
    return _SUMMARIES[fact.kind](fact)


def _api_call(fact: Fact) -> str:
    body = fact.body
    identity = body.get("identity") or {}
    who = (
        identity.get("user_name")
        or identity.get("invoked_by")
        or str(identity.get("arn", "")).rpartition("/")[2].rpartition(":")[2]
        or identity.get("kind")
        or "somebody"
    )
    outcome = f", refused: {body['error_code']}" if body.get("error_code") else ""
    return f"{who} called {body.get('service')}:{body.get('operation')}{outcome}"


def _item(fact: Fact) -> str:
    item = fact.body.get("item") or {}
    status = {
        "ResourceDiscovered": "was discovered",
        "ResourceDeleted": "was deleted",
        "OK": "changed",
    }
    happened = status.get(_text(item, "configurationItemStatus"), "was recorded")
    name = _text(item, "resourceName", "resourceId")
    return (
        f"{_text(item, 'resourceType')} {name} {happened}".strip() if name else f"{fact.subject} {happened}"
    )


def _compliance(fact: Fact) -> str:
    body = fact.body
    new, old = _verdict(body, "newEvaluationResult"), _verdict(body, "oldEvaluationResult")
    resource = _text(body, "resourceId") or fact.subject
    rule = _text(body, "configRuleName")
    judged = f"{resource} is {new or 'judged'}" + (f", was {old}" if old else "")
    return f"{judged} under {rule}" if rule else judged


def _verdict(body: Mapping[str, Any], member: str) -> str:
    result = body.get(member)
    return _text(result, "complianceType") if isinstance(result, Mapping) else ""


def _delivery(fact: Fact) -> str:
    place = "/".join(filter(None, (_text(fact.body, "s3Bucket"), _text(fact.body, "s3ObjectKey"))))
    words = re.sub("(?<=[a-z])(?=[A-Z])", " ", _text(fact.body, "messageType")).lower()
    error = _text(fact.body, "errorCode")
    return words + (f": {place}" if place else "") + (f" ({error})" if error else "")


def _remediation(fact: Fact) -> str:
    rule = _text(fact.body, "rule")
    under = f" under {rule}" if rule else ""
    return f"remediation {_text(fact.body, 'state')}: {_text(fact.body, 'resource') or fact.subject}{under}"


def _automation(fact: Fact) -> str:
    steps = fact.body.get("StepExecutions") or []
    done = sum(1 for step in steps if step.get("StepStatus") == "Success")
    name = _text(fact.body, "DocumentName") or fact.subject
    return f"{name}: {_text(fact.body, 'Status')}, {done} of {len(steps)} steps succeeded"


def _alarm_configured(fact: Fact) -> str:
    return f"alarm {_text(fact.body, 'alarmName')}: {_text(fact.body, 'operation')}d"


def _alarm_state(fact: Fact) -> str:
    new, old = fact.body.get("state") or {}, fact.body.get("previousState") or {}
    return f"alarm {_text(fact.body, 'alarmName')} is {_text(new, 'value')}, was {_text(old, 'value')}: {_text(new, 'reason')}"


def _alarm_action(fact: Fact) -> str:
    error = _text(fact.body, "error")
    done = f"failed: {error}" if error else "done"
    return f"action {_text(fact.body, 'action')} of alarm {_text(fact.body, 'alarmName')} {done}"


def _text(body: Mapping[str, Any], *members: str) -> str:
    """The first of these members that holds text."""
    return next((value for name in members if isinstance(value := body.get(name), str) and value), "")


_SUMMARIES: Mapping[FactKind, Callable[[Fact], str]] = {
    "ApiCall": _api_call,
    "ItemChanged": _item,
    "ComplianceChanged": _compliance,
    "ConfigDelivered": _delivery,
    "RemediationChanged": _remediation,
    "AutomationChanged": _automation,
    "AlarmConfigured": _alarm_configured,
    "AlarmStateChanged": _alarm_state,
    "AlarmActed": _alarm_action,
}


async def _write(ctx: Ctx, batch: Batch) -> None:
    await ctx.runtime.lake.write(TIMELINE, [row(fact) for fact in batch.facts], token=batch.token)


REACTION = Reaction(name="timeline", kinds=frozenset(_SUMMARIES), handle=_write)


async def chain(lake: Lake, *, account: str, id: str) -> list[dict[str, Any]]:  # noqa: A002 - AWS's word
    """The whole story a fact belongs to, causes before consequences; empty when nobody knows the fact.

    Each is a row of ``TIMELINE`` with ``time`` as ISO-8601 text and ``body`` as a value. At most
    ``CHAIN_EVENTS``, the first ones. A story may span regions.
    """
    rows = await lake.select(_CHAIN, {"id": id}, account=account, region=None)
    for each in rows:
        each["time"] = each["time"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        each["body"] = msgspec.json.decode(each["body"])
    return rows


_ORIGIN_OF = (
    exp.select("origin").from_("timeline").where(exp.column("id").eq(exp.Placeholder(this="id"))).limit(1)
)
_CHAIN = (
    exp.select(*(exp.column(column.name) for column in TIMELINE.columns))
    .from_("timeline")
    .where(exp.In(this=exp.column("origin"), query=exp.Subquery(this=_ORIGIN_OF)))
    .order_by("time", "depth", "id")
    .limit(CHAIN_EVENTS)
)
