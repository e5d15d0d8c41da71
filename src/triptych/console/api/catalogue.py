"""GET catalogue: what this server's query language and managed rules are made of, for editors and wizards."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.contract import ConsoleCtx, Endpoint
from triptych.query.insights.catalogue import FUNCTIONS
from triptych.query.insights.function import Function
from triptych.query.insights.program import COMMANDS
from triptych.services.config.parts import RULES, TYPES


class Word(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A command or function of Logs Insights; ``aggregate``: one value of many events, in ``stats``."""

    name: str
    docs: str
    aggregate: bool = False


class RuleParameter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    required: bool


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A managed rule that is built; ``triggers`` are ``change`` and ``periodic``."""

    identifier: str
    name: str
    types: list[str]
    triggers: list[str]
    parameters: list[RuleParameter]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    commands: list[Word]
    functions: list[Word]
    managed_rules: list[Rule]
    resource_types: list[str]


def catalogue() -> Catalogue:
    """Read from the parts themselves, so that it is true."""
    return Catalogue(
        commands=[Word(name=c.name, docs=c.docs) for c in COMMANDS.values() if not c.refusal],
        functions=[Word(name=f.name, docs=f.docs, aggregate=f.aggregate) for f in _functions()],
        managed_rules=[_rule(identifier) for identifier in sorted(RULES)],
        resource_types=sorted(TYPES),
    )


def _functions() -> list[Function]:
    """Each once; aliases are other names of the same."""
    return sorted({id(f): f for f in FUNCTIONS.values()}.values(), key=lambda f: f.name)


def _rule(identifier: str) -> Rule:
    rule = RULES[identifier]
    return Rule(
        identifier=identifier,
        name=rule.name,
        types=list(rule.types),
        triggers=sorted(rule.triggers),
        parameters=[RuleParameter(name=p.name, required=p.required) for p in rule.parameters],
    )


async def _catalogue(_ctx: ConsoleCtx, _params: dict[str, Any]) -> Catalogue:
    return catalogue()


ENDPOINT = Endpoint(
    method="GET",
    path="catalogue",
    summary="What Logs Insights, the managed rules and the recorder of this server know.",
    answers=Catalogue,
    handle=_catalogue,
)
