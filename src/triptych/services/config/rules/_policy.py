"""What policies say, as far as rules ask: statements, who everybody is, and when everybody is let in. Pure."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

__all__ = ["actions", "allows_everybody", "is_everybody", "many", "statements"]

# AWS calls a policy public unless a condition pins the caller to fixed values of one of these keys.
_PINNING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:username",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
_POSITIVE = frozenset(
    {"arnequals", "arnlike", "ipaddress", "stringequals", "stringequalsignorecase", "stringlike"}
)


def many(value: Any) -> list[Any]:
    """Policies write one of something without its list."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def statements(text: str | None) -> list[Mapping[str, Any]]:
    """The statements of a document, plain or percent-encoded; what cannot be read says nothing."""
    if not text:
        return []
    plain = text if text.lstrip().startswith("{") else unquote(text)
    try:
        found = json.loads(plain).get("Statement")
    except (ValueError, AttributeError):
        return []
    return [one for one in many(found) if isinstance(one, dict)]


def actions(statement: Mapping[str, Any]) -> list[str]:
    """The actions as policies compare them: in lower case."""
    return [str(one).lower() for one in many(statement.get("Action"))]


def is_everybody(statement: Mapping[str, Any]) -> bool:
    """``*`` and ``{"AWS": "*"}``; for an Allow also NotPrincipal, which is everybody else."""
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and "*" in many(principal.get("AWS")))


def allows_everybody(statement: Mapping[str, Any], wanted: Iterable[str]) -> bool:
    """Whether a statement lets anybody do one of the ``wanted`` actions (in lower case)."""
    if statement.get("Effect") != "Allow" or not is_everybody(statement) or _is_pinned(statement):
        return False
    if "NotAction" in statement:
        excluded = [str(one).lower() for one in many(statement["NotAction"])]
        return any(not any(fnmatchcase(action, one) for one in excluded) for action in wanted)
    return any(fnmatchcase(action, pattern) for action in wanted for pattern in actions(statement))


def _is_pinned(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition")
    if not isinstance(condition, dict):
        return False
    return any(
        key.lower() in _PINNING and _are_fixed(many(wanted))
        for operator, keys in condition.items()
        if operator.lower() in _POSITIVE and isinstance(keys, dict)
        for key, wanted in keys.items()
    )


def _are_fixed(wanted: list[Any]) -> bool:
    return bool(wanted) and all(_is_fixed(str(one)) for one in wanted)


def _is_fixed(value: str) -> bool:
    """No wildcard where it counts, and no network that is the whole internet (AWS: wider than /8, IPv6 /32)."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        account = value.split(":")[4] if value.startswith("arn:") and value.count(":") >= 5 else value
        return "*" not in account and "?" not in account and "${" not in account
    return network.prefixlen >= (8 if network.version == 4 else 32)
