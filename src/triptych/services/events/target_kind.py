"""What a kind of target is: which ARNs it takes, what it needs to know, how it is sent something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from triptych.kernel.arn import Arn
from triptych.services.contract import Ctx
from triptych.services.events.pacing import Pace

__all__ = ["PRINCIPAL", "Delivery", "TargetKind", "nothing_to_check"]

PRINCIPAL = "events.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one target.

    :param text: what to send; ``event`` is the event as it was matched, by the rule of that ARN.
    """

    rule: str
    arn: Arn
    target: Mapping[str, Any]
    event: Mapping[str, Any]
    text: str


async def no_pace(_: Ctx, __: Arn) -> Pace | None:
    return None


def nothing_to_check(_: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKind:
    """One kind of target, in one file of ``target_kinds/``.

    :param matches: whether an ARN is of this kind.
    :param check: what is wrong with a target of this kind, in words for PutTargets; empty when nothing is.
    :param pace: how fast a target may be sent events; None: as fast as they come.
    :param send: raises ServiceError as the target's service answered, or Undelivered.
    """

    name: str
    matches: Callable[[Arn], bool]
    send: Callable[[Ctx, Delivery], Awaitable[None]]
    check: Callable[[Mapping[str, Any]], str] = nothing_to_check
    pace: Callable[[Ctx, Arn], Awaitable[Pace | None]] = no_pace
