"""Statements: who may or may not do what with which resource, and when. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from triptych.query.resource_policy.condition import conditions, many
from triptych.query.resource_policy.text import VERSION, InvalidPolicy, Keys, Text, fits, text

__all__ = ["Policy", "Principal", "Request", "Verdict", "judge", "parse"]

Verdict = Literal["allowed", "denied", "silent"]
"""``silent``: no statement is about the request; what that means depends on whose the resource is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    :param arns: every ARN a policy may know it by: a session's own and its role's. Without any it is nobody of its
        account: a service that acts for it, or nobody known.
    :param service: ``events.amazonaws.com``, if it is one of AWS's services.
    """

    account: str = ""
    arns: tuple[str, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked: ``action`` is ``sns:Publish``, ``resource`` an ARN."""

    principal: Principal
    action: str
    resource: str
    keys: Keys = field(default_factory=dict)


class _Holds(Protocol):
    def holds(self, keys: Keys) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Who:
    everybody: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    services: frozenset[str]

    def names(self, who: Principal) -> bool:
        if self.everybody or (who.service and who.service in self.services):
            return True
        return bool(who.arns) and (who.account in self.accounts or not self.arns.isdisjoint(who.arns))


@dataclass(frozen=True, slots=True)
class _Statement:
    """``but``: the parts that are meant the other way round (``NotAction``)."""

    allows: bool
    who: _Who
    actions: tuple[Text, ...]
    resources: tuple[Text, ...]
    conditions: tuple[_Holds, ...]
    but: frozenset[str]

    def is_about(self, asked: Request) -> bool:
        action = asked.action.lower()
        return (
            self.who.names(asked.principal) != ("Principal" in self.but)
            and any(fits(action, each, {}) for each in self.actions) != ("Action" in self.but)
            and any(fits(asked.resource, each, asked.keys) for each in self.resources)
            != ("Resource" in self.but)
            and all(each.holds(asked.keys) for each in self.conditions)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    statements: tuple[_Statement, ...]


def judge(policy: Policy, asked: Request) -> Verdict:
    """A statement that denies wins over any that allows."""
    about = [each.allows for each in policy.statements if each.is_about(asked)]
    if not about:
        return "silent"
    return "allowed" if all(about) else "denied"


# Reading.

_OLD = "2008-10-17"


def parse(source: str) -> Policy:
    """Raises InvalidPolicy."""
    try:
        document = json.loads(source)
    except (ValueError, RecursionError):
        raise InvalidPolicy("The policy is not JSON.") from None
    if not isinstance(document, dict) or "Statement" not in document:
        raise InvalidPolicy("The policy has no Statement.")
    version = document.get("Version", _OLD)
    if version not in (_OLD, VERSION):
        raise InvalidPolicy(f"Version {version} is neither {VERSION} nor {_OLD}.")
    return Policy(tuple(_statement(each, version) for each in many(document["Statement"])))


def _statement(found: Any, version: str) -> _Statement:
    if not isinstance(found, Mapping):
        raise InvalidPolicy("A statement is not an object.")
    if unknown := set(found) - _MEMBERS:
        raise InvalidPolicy(f"Statements have no {min(unknown)}.")
    if found.get("Effect") not in ("Allow", "Deny"):
        raise InvalidPolicy("Effect must be Allow or Deny.")
    but = {part for part in ("Principal", "Action", "Resource") if f"Not{part}" in found}
    principal, actions, resources = (_part(found, part) for part in ("Principal", "Action", "Resource"))
    return _Statement(
        allows=found["Effect"] == "Allow",
        who=_who(principal),
        actions=tuple(text(each.lower(), "", wild=True) for each in _texts(actions, "Action")),
        resources=tuple(text(each, version, wild=True) for each in _texts(resources, "Resource")),
        conditions=conditions(found.get("Condition", {}), version=version),
        but=frozenset(but),
    )


_MEMBERS = {
    "Sid",
    "Effect",
    "Condition",
    *("Principal", "Action", "Resource"),
    *("NotPrincipal", "NotAction", "NotResource"),
}


def _part(found: Mapping[str, Any], name: str) -> Any:
    given = [found[key] for key in (name, f"Not{name}") if key in found]
    if len(given) != 1:
        raise InvalidPolicy(f"A statement must have one of {name} and Not{name}.")
    return given[0]


def _texts(value: Any, name: str) -> list[str]:
    values = many(value)
    if not values or not all(isinstance(each, str) for each in values):
        raise InvalidPolicy(f"{name} must be a text or several.")
    return values


def _who(found: Any) -> _Who:
    if found == "*":
        found = {"AWS": "*"}
    if not isinstance(found, Mapping) or not found:
        raise InvalidPolicy('Principal must be "*" or have AWS, Service, Federated or CanonicalUser.')
    if unknown := set(found) - {"AWS", "Service", "Federated", "CanonicalUser"}:
        raise InvalidPolicy(f"Principals are not named by {min(unknown)}.")
    names = _texts(found["AWS"], "Principal") if "AWS" in found else []
    accounts = {account[1] or account[2] for name in names if (account := _ACCOUNT.fullmatch(name))}
    arns = {name for name in names if name != "*" and not _ACCOUNT.fullmatch(name)}
    for name in arns:
        if not name.startswith("arn:") or "*" in name:
            raise InvalidPolicy(f"{name} names no principal.")
    services = _texts(found["Service"], "Principal") if "Service" in found else []
    return _Who("*" in names, frozenset(accounts), frozenset(arns), frozenset(services))


_ACCOUNT = re.compile(r"(\d{12})|arn:aws[\w-]*:iam::(\d{12}):root")
"""A whole account, in both of its forms."""
