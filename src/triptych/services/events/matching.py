"""From an event on a bus to the deliveries it causes: which rules match, one job for each of their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from triptych.control.store import ControlStore
from triptych.kernel import limits
from triptych.kernel.context import Cause
from triptych.query.event_pattern import Index, Pattern, parse
from triptych.services.contract import Ctx
from triptych.services.events.documents import EVERYTHING, RULE_SETS, Rule, rules_of

__all__ = ["DELIVERY", "has_rules", "offer", "stage"]

log = structlog.get_logger()

DELIVERY = "events.deliver"
"""The kind of the jobs that bring one event to one target each."""
_BUSES_REMEMBERED = 1000
_PATTERNS_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Rulebook:
    """The rules of a bus as they were in one version, ready to be asked."""

    version: str
    rules: Mapping[str, Rule]
    index: Index[str]


_RULEBOOKS: WeakKeyDictionary[ControlStore, dict[tuple[str, str, str], _Rulebook]] = WeakKeyDictionary()
"""What was read of the store; asked only under the version the store has now."""


@lru_cache(maxsize=_PATTERNS_REMEMBERED)
def _parsed(pattern: str) -> Pattern:
    """When one rule of a bus changes, the patterns of the others are not read again."""
    return parse(pattern)


async def _rulebook(ctx: Ctx, bus: str) -> _Rulebook | None:
    """None: the bus never had rules."""
    current = await ctx.unit.get(RULE_SETS, bus, account=ctx.account, region=ctx.region)
    if current is None:
        return None
    known = _RULEBOOKS.setdefault(ctx.runtime.control, {})
    place = (ctx.account, ctx.region, bus)
    book = known.get(place)
    if book is None or book.version != current.version:
        rules = {
            r.name: r for r in await rules_of(ctx, bus) if r.state != "DISABLED" and r.pattern and r.targets
        }
        index = Index((name, _parsed(rule.pattern)) for name, rule in rules.items())
        book = _Rulebook(current.version, rules, index)
        if len(known) >= _BUSES_REMEMBERED:
            known.clear()
        known[place] = book
    return book


async def has_rules(ctx: Ctx, bus: str) -> bool:
    """Whether any event could have a consequence on this bus."""
    book = await _rulebook(ctx, bus)
    return book is not None and bool(book.rules)


async def offer(
    ctx: Ctx,
    bus: str,
    event: Mapping[str, Any],
    *,
    only_reads: bool = False,
    only: frozenset[str] | None = None,
    cause: Cause | None = None,
) -> int:
    """Stage what an event causes on a bus of ``ctx``'s account and region; how many deliveries.

    :param only_reads: an API call that changes nothing: only rules that ask for such events get it.
    :param only: ARNs of the rules that may get it; None: all.
    """
    book = await _rulebook(ctx, bus)
    if book is None:
        return 0
    staged = 0
    for name in sorted(book.index.matching(event)):
        rule = book.rules[name]
        if (only_reads and rule.state != EVERYTHING) or (only is not None and rule.arn not in only):
            continue
        staged += stage(ctx, rule, event, cause=cause)
    return staged


def stage(ctx: Ctx, rule: Rule, event: Mapping[str, Any], *, cause: Cause | None = None) -> int:
    """Stage one delivery for each target of a rule. A chain of causes that is too long ends here."""
    cause = cause or ctx.context.because
    if cause is not None and cause.depth > limits.CAUSE_DEPTH:
        log.error(
            "event_chain_cut", rule=rule.arn, event_id=event["id"], origin=cause.origin, depth=cause.depth
        )
        return 0
    targets: Sequence[dict[str, Any]] = list(rule.targets.values())
    for target in targets:
        body = {
            "event": dict(event),
            "rule": rule.arn,
            "bus": rule.bus,
            "target": target,
            "since": ctx.now.timestamp(),
        }
        ctx.job(DELIVERY, body, cause=cause)
    return len(targets)
