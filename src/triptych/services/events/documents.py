"""Buses, rules and targets as they are kept, and how operations find them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from triptych.control.collection import Collection
from triptych.kernel import pages
from triptych.kernel.arn import Arn, arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx

DEFAULT = "default"
State = Literal["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]
EVERYTHING: State = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
PAGE = 100
"""Entries on one page of any list (EventBridge: 100)."""


class Bus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    account: str
    region: str
    created: datetime
    modified: datetime
    description: str = ""
    policy: str = ""
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return bus_arn(self.account, self.region, self.name)


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param targets: id -> the target as PutTargets took it.
    :param pattern: the text as it was given; ``schedule`` likewise.
    :param generation: changes whenever the schedule must begin anew, so that the old one stops.
    """

    name: str
    bus: str
    account: str
    region: str
    state: State = "ENABLED"
    pattern: str = ""
    schedule: str = ""
    description: str = ""
    role: str = ""
    tags: dict[str, str] = {}
    targets: dict[str, dict[str, Any]] = {}
    generation: str = ""
    managed_by: str = ""

    @property
    def arn(self) -> str:
        path = self.name if self.bus == DEFAULT else f"{self.bus}/{self.name}"
        return arn("events", self.region, self.account, f"rule/{path}")

    @property
    def key(self) -> str:
        return rule_key(self.bus, self.name)


class RuleSet(msgspec.Struct, frozen=True):
    """Says that a bus has rules, and by another ``version`` that they changed."""

    version: str


BUSES = Collection(name="events.buses", type=Bus)
"""By name; the default bus is not kept unless it has tags."""
RULES = Collection(name="events.rules", type=Rule)
"""By ``<bus>/<rule>``."""
RULE_SETS = Collection(name="events.rule_sets", type=RuleSet)
"""By bus."""

T = TypeVar("T")


def bus_arn(account: str, region: str, name: str) -> str:
    return arn("events", region, account, f"event-bus/{name}")


def rule_key(bus: str, name: str) -> str:
    return f"{bus}/{name}"


def validation(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def missing(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message)


def bus_name(ctx: Ctx, text: str | None) -> str:
    """The name in an EventBusName, which may be an ARN of this account and region."""
    if not text:
        return DEFAULT
    if not text.startswith("arn:"):
        return text
    parsed = Arn.parse(text)
    if (parsed.account, parsed.region) != (ctx.account, ctx.region):
        raise missing(f"Event bus {text} does not exist.")
    return parsed.resource.removeprefix("event-bus/")


async def find_bus(ctx: Ctx, text: str | None) -> Bus:
    """The bus of that name or ARN; the default bus is always there."""
    name = bus_name(ctx, text)
    found = await ctx.unit.get(BUSES, name, account=ctx.account, region=ctx.region)
    if found is not None:
        return found
    if name != DEFAULT:
        raise missing(f"Event bus {name} does not exist.")
    return Bus(name=DEFAULT, account=ctx.account, region=ctx.region, created=ctx.now, modified=ctx.now)


async def find_rule(ctx: Ctx, name: str, bus: str | None) -> Rule:
    found_bus = await find_bus(ctx, bus)
    key = rule_key(found_bus.name, name)
    rule = await ctx.unit.get(RULES, key, account=ctx.account, region=ctx.region)
    if rule is None:
        raise missing(f"Rule {name} does not exist on EventBus {found_bus.name}.")
    return rule


def check_unmanaged(rule: Rule, params: dict[str, Any]) -> None:
    """Raises ManagedRuleException for a rule that a service looks after, unless the request forces it."""
    if rule.managed_by and not params.get("Force"):
        raise ServiceError(
            "ManagedRuleException",
            f"Rule {rule.name} is managed by an AWS service can only be modified if force parameter is True.",
        )


async def rules_of(ctx: Ctx, bus: str) -> list[Rule]:
    stored = await ctx.unit.list(RULES, account=ctx.account, region=ctx.region, prefix=f"{bus}/")
    return [document.value for document in stored]


async def keep_rule(ctx: Ctx, rule: Rule) -> None:
    ctx.unit.put(RULES, rule.key, rule, account=ctx.account, region=ctx.region)
    await touch(ctx, rule.bus)


async def touch(ctx: Ctx, bus: str) -> None:
    """Say that the rules of a bus changed. Read first, so that of two changes at once the later one is told."""
    place = {"account": ctx.account, "region": ctx.region}
    await ctx.unit.get(RULE_SETS, bus, **place)
    ctx.unit.put(RULE_SETS, bus, RuleSet(ctx.ids.uuid()), **place)


def stamp(moment: datetime) -> str:
    """``2026-01-01T00:00:00Z``, as events carry times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page_of(listing: str, entries: Sequence[T], params: dict[str, Any]) -> tuple[list[T], str | None]:
    """The page a request asks for, and the token of the next one."""
    start = 0
    if text := params.get("NextToken"):
        try:
            start = int(pages.position(listing, text))
        except (pages.InvalidToken, TypeError, ValueError) as error:
            raise validation("The NextToken is not valid.") from error
    size = params.get("Limit") or PAGE
    more = start + size < len(entries)
    return list(entries[start : start + size]), pages.token(listing, start + size) if more else None


def with_token(answer: dict[str, Any], token: str | None) -> dict[str, Any]:
    return answer | {"NextToken": token} if token else answer
