"""The AWS casing of recorded parameters for the services that follow the common rule.

The rule, measured on 3,313 real records: the model's member name with its first letter in lower case
(``DBInstanceIdentifier`` -> ``dBInstanceIdentifier``), at every depth; lists and maps as they are. EC2 and S3
have rules of their own (``casing_ec2``, ``casing_s3``); a few services keep the model's spelling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from triptych.kernel.fact import HIDDEN
from triptych.services.cloudtrail import dates

DROPPED = object()
"""What ``cased`` makes of a secret in a service that leaves secrets out instead of masking them."""

_KEEPS_CASE = frozenset({"ce", "devops-guru", "account", "resource-explorer-2"})
_DROPS_SECRETS = frozenset({"kms", "secretsmanager", "iam", "lambda", "bedrock", "bedrock-runtime", "sts"})
_UNWRAPS_RESPONSES = frozenset({"rds", "neptune", "docdb", "redshift", "elasticache"})
"""Their response elements are the members of the one resource in the reply, without its name around them."""


@dataclass(frozen=True, slots=True)
class Style:
    """How one service writes names, times and secrets."""

    name: Callable[[str], str]
    date: Callable[[datetime], str | int | float]
    secret: Any = HIDDEN


def decap(name: str) -> str:
    """``DBName`` -> ``dBName``."""
    return name[:1].lower() + name[1:]


def _kept(name: str) -> str:
    return name


def secret_of(service: str) -> Any:
    """What stands for a sensitive member: a constant, or DROPPED."""
    if service == "ec2":
        return "<sensitiveDataRemoved>"
    return DROPPED if service in _DROPS_SECRETS else HIDDEN


def request_style(service: str, protocol: str) -> Style:
    name = _kept if service in _KEEPS_CASE else decap
    return Style(name, dates.request_form(service, protocol), secret_of(service))


def response_style(service: str, protocol: str) -> Style:
    name = _kept if service in _KEEPS_CASE else decap
    return Style(name, dates.response_form(service, protocol), secret_of(service))


def cased(value: Any, shape: Shape | None, style: Style) -> Any:
    """``value`` (model member names, JSON-safe) in a record's spelling; DROPPED when nothing of it may stay."""
    if value == HIDDEN:
        return style.secret
    if shape is None:
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        out = {style.name(k): cased(v, shape.members.get(k), style) for k, v in value.items()}
        return {k: v for k, v in out.items() if v is not DROPPED}
    if isinstance(shape, ListShape) and isinstance(value, list):
        items = [cased(item, shape.member, style) for item in value]
        return [item for item in items if item is not DROPPED]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        out = {k: cased(v, shape.value, style) for k, v in value.items()}
        return {k: v for k, v in out.items() if v is not DROPPED}
    if shape.type_name == "timestamp" and isinstance(value, str) and (moment := dates.parsed(value)):
        return style.date(moment)
    return value


def unwrapped(
    service: str, shape: StructureShape, value: dict[str, Any]
) -> tuple[StructureShape, dict[str, Any]]:
    """The reply's one resource itself for the services that record it without its wrapper."""
    if service in _UNWRAPS_RESPONSES and len(shape.members) == 1:
        name, member = next(iter(shape.members.items()))
        if isinstance(member, StructureShape) and isinstance(value.get(name), dict):
            return member, value[name]
    return shape, value
