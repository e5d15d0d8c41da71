"""What may be asked of the timeline, and the shape of what is answered."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from triptych.console.contract import Input
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError

__all__ = ["LANES", "Asked", "Export", "Item", "LaneKind", "Listed", "invalid", "lanes_of"]

LaneKind = Literal[
    "metrics", "alarm", "logs", "api", "configuration", "compliance", "remediation", "automation"
]
LANES: tuple[LaneKind, ...] = get_args(LaneKind)
"""From what was measured down to what was done about it."""


class Asked(Input, frozen=True, kw_only=True):
    """One of ``alarm``, ``resource`` (``type/id``) and ``event`` (an eventID, or any fact's id), or a free range.

    :param from: epoch milliseconds; default: around what is asked about. :param lanes: names, with commas between.
    :param logGroups: to count errors in, with commas between; default: those that are known to belong to it.
    :param readOnly: whether calls that read are items, too; they are counted in any case.
    """

    alarm: str = ""
    resource: str = ""
    event: str = ""
    from_: int | None = msgspec.field(name="from", default=None)
    to: int | None = None
    lanes: str = ""
    max_items: int = limits.TIMELINE_ITEMS
    log_groups: str = ""
    read_only: bool = False


class Export(Asked, frozen=True, kw_only=True):
    """The same, and the format of the report."""

    format: Literal["markdown", "json"] = "markdown"


class Listed(Input, frozen=True, kw_only=True):
    """Episodes that were going on in [from, to), default: the last week; newest first."""

    from_: int | None = msgspec.field(name="from", default=None)
    to: int | None = None
    limit: int = 20
    next_token: str | None = None


class Item(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """One mark on a lane.

    :param t: epoch milliseconds; ``t_end`` for what lasted. :param status: in the lane's own words (``ALARM``, an
        error code, ``NON_COMPLIANT``, ``SUCCEEDED``). :param related: whether it touches what the timeline is about.
    :param ref: the AWS call that answers the whole of it. :param changes: {path, from, to, changeType} each.
    :param cause: the fact that led to it directly, :param origin: the first of its chain.
    """

    id: str
    t: int
    title: str
    severity: Literal["error", "warning", "info", "success"]
    t_end: int | None = None
    actor: str = ""
    source_ip: str = ""
    status: str = ""
    resource: dict[str, str] | None = None
    resources: list[dict[str, str]] = []
    related: bool = False
    ref: dict[str, Any] | None = None
    detail: str = ""
    changes: list[dict[str, Any]] = []
    changes_total: int = 0
    steps: list[dict[str, Any]] = []
    cause: str = ""
    origin: str = ""
    score: int | None = None
    certain: bool = False
    reasons: list[dict[str, Any]] = []


def lanes_of(asked: Asked) -> tuple[LaneKind, ...]:
    """The lanes wanted, in the order they are drawn. Raises ServiceError for one there is not."""
    wanted = {name.strip() for name in asked.lanes.split(",") if name.strip()}
    if unknown := sorted(wanted - set(LANES)):
        raise invalid(f"There is no lane {unknown[0]!r}. There are: {', '.join(LANES)}.")
    return tuple(name for name in LANES if not wanted or name in wanted)


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
