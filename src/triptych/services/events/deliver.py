"""Delivery: one durable job for each event and target, retried as the target's policy says, then dead-lettered.

The job carries the event: every attempt, and every repeat after a crash, sends the same event id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from triptych.bus.post import Undelivered, is_permanent
from triptych.control.store import Job
from triptych.jobs.kind import Retry
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, JobKind
from triptych.services.events.input import payload
from triptych.services.events.matching import DELIVERY
from triptych.services.events.pacing import is_still, reserve
from triptych.services.events.queue import send_to_queue
from triptych.services.events.target_kind import Delivery
from triptych.services.events.targets import kind_of

__all__ = ["DELIVER", "exhausted"]

log = structlog.get_logger()

_ATTEMPTS = 185
"""Retries unless the target says otherwise (EventBridge)."""
_AGE_SECONDS = 86_400
"""How old an event may get unless the target says otherwise (EventBridge: 24 hours)."""
_LETTER_ATTEMPTS = 200
"""Runs of a job whose dead letter queue cannot be reached either, before it is buried (ours)."""


def exhausted(policy: Mapping[str, Any], *, retries: int, age: timedelta) -> str:
    """EventBridge's name for the bound a delivery has reached, empty while it may go on. Pure."""
    if retries >= policy.get("MaximumRetryAttempts", _ATTEMPTS):
        return "MaximumRetryAttempts"
    if age.total_seconds() >= _age_of(policy):
        return "MaximumEventAgeInSeconds"
    return ""


def _age_of(policy: Mapping[str, Any]) -> float:
    return float(policy.get("MaximumEventAgeInSeconds", _AGE_SECONDS))


class _Overdue(Undelivered):
    """Its turn would come after the event has got too old."""


async def _deliver(ctx: Ctx, job: Job) -> None:
    target, event = job.body["target"], job.body["event"]
    policy = target.get("RetryPolicy") or {}
    age = timedelta(seconds=ctx.runtime.clock.now().timestamp() - job.body["since"])
    if (job.attempt or "turn" in job.body) and (bound := exhausted(policy, retries=job.attempt - 1, age=age)):
        await _dead(ctx, job, Undelivered("", "The delivery was given up.", permanent=False), bound)
        return
    try:
        if not await _is_its_turn(ctx, job, policy):
            return
        await _send(ctx, job, event, target)
    except _Overdue as late:
        await _dead(ctx, job, late, "MaximumEventAgeInSeconds")
        return
    except ServiceError as error:
        failure = Undelivered(error.code, error.message, permanent=is_permanent(error.code, error.status))
    except Undelivered as error:
        failure = error
    else:
        return
    if (
        failure.permanent or (failure.after_seconds or 0) < 0
    ):  # a negative Retry-After: never again (EventBridge)
        await _dead(ctx, job, failure, "")
    elif bound := exhausted(policy, retries=job.attempt, age=age):
        await _dead(ctx, job, failure, bound)
    else:
        # No longer than until it is too old: then it is dead-lettered, not kept waiting.
        left = max(0.0, _age_of(policy) - age.total_seconds())
        failure.wait_seconds = min(failure.after_seconds or 0.0, left)
        raise failure


async def _is_its_turn(ctx: Ctx, job: Job, policy: Mapping[str, Any]) -> bool:
    """Whether the target may be sent something now; else the delivery is staged anew, for its turn.

    Raises _Overdue. Every attempt needs a turn of its own.
    """
    arn = Arn.parse(job.body["target"]["Arn"])
    kind = kind_of(arn)
    pace = await kind.pace(ctx, arn) if kind is not None else None
    if pace is None:
        return True
    mine, now = job.body.get("turn"), ctx.runtime.clock.now()
    if mine and mine["attempt"] == job.attempt and is_still(datetime.fromisoformat(mine["at"]), now):
        return True
    until = datetime.fromtimestamp(job.body["since"] + _age_of(policy), UTC)
    at = await reserve(ctx, pace, until=until)
    if at is None:
        raise _Overdue("THROTTLED", f"{arn} takes {pace.per_second} events per second.", permanent=False)
    if at <= ctx.runtime.clock.now():
        return True
    body = {**job.body, "turn": {"at": at.isoformat(), "attempt": job.attempt}}
    ctx.unit.job(msgspec.structs.replace(job, id=ctx.ids.uuid(), run_at=at, body=body))
    return False


async def _send(ctx: Ctx, job: Job, event: Mapping[str, Any], target: Mapping[str, Any]) -> None:
    arn = Arn.parse(target["Arn"])
    kind = kind_of(arn)
    if kind is None:
        raise ServiceError("NotImplemented", f"Triptych does not deliver events to {arn}.", status=501)
    rule: str = job.body["rule"]
    text = payload(target, event, rule_arn=rule, rule_name=rule.rpartition("/")[2])
    await kind.send(ctx, Delivery(rule=rule, arn=arn, target=target, event=event, text=text))


async def _dead(ctx: Ctx, job: Job, failure: Undelivered, bound: str) -> None:
    """Into the dead letter queue, with what EventBridge tells there; without one the log says that it is lost.

    A dead letter queue that does not answer either raises: the job comes again, and here again.
    """
    target, event = job.body["target"], job.body["event"]
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        log.error(
            "event_undelivered", event_id=event["id"], target=target["Arn"], error=str(failure), kept=False
        )
        return
    attributes = {
        "RULE_ARN": job.body["rule"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
        "EXHAUSTED_RETRY_CONDITION": bound,
        "RETRY_ATTEMPTS": str(job.attempt) if bound else "",
    }
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    await send_to_queue(ctx, Arn.parse(queue), text, dedupe=str(event["id"]), attributes=attributes)
    log.warning(
        "event_undelivered", event_id=event["id"], target=target["Arn"], error=str(failure), kept=True
    )


DELIVER = JobKind(
    name=DELIVERY,
    handle=_deliver,
    retry=Retry(max_attempts=_LETTER_ATTEMPTS, first_delay_seconds=0.5, max_delay_seconds=600.0),
    concurrency=16,
)
