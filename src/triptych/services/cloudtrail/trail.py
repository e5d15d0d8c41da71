"""Trails as values: what one is, how its name or ARN is read, how it is found.

The API over them is in ``trails``, ``trail_logging``, ``event_selectors`` and ``tags``.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.arn import Arn, arn
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx

TRAILS_PER_REGION = 5
"""Trails one region may have, shadow trails included (AWS quota)."""
LOGGING_INTERVALS = 100
"""Start/StopLogging pairs a trail remembers; older ones are joined, which delivers too much rather than too little (ours)."""


class Interval(msgspec.Struct, frozen=True):
    """A time in which a trail logs; both ends belong to it, without a ``stop`` it still does."""

    start: datetime
    stop: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment and (self.stop is None or moment <= self.stop)


class Trail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One trail, stored in its home region.

    :param event_selectors: in the API's shape; with ``advanced_event_selectors`` empty too: all management events.
    :param validation: whether digests are made of its files.
    :param log_group: ARN of the log group it delivers to as well, ending in ``:*``; with ``role``, or neither.
    :param intervals: when it logged, oldest first; it logs now if the last one has no end.
    """

    name: str
    account: str
    home_region: str
    bucket: str
    created: datetime
    prefix: str = ""
    global_events: bool = True
    multi_region: bool = False
    validation: bool = False
    event_selectors: list[dict[str, Any]] = []
    advanced_event_selectors: list[dict[str, Any]] = []
    intervals: tuple[Interval, ...] = ()
    log_group: str = ""
    role: str = ""
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return arn("cloudtrail", self.home_region, self.account, f"trail/{self.name}")

    @property
    def logging(self) -> bool:
        return bool(self.intervals) and self.intervals[-1].stop is None

    def logged_at(self, moment: datetime) -> bool:
        return any(interval.covers(moment) for interval in self.intervals)

    def seen_from(self, region: str) -> bool:
        """In its home region, and as a shadow trail everywhere when it is multi-region."""
        return self.multi_region or region == self.home_region


TRAILS = Collection(name="cloudtrail.trails", type=Trail)
"""By name, in the home region."""


def started(trail: Trail, now: datetime) -> Trail:
    """Logging from now on; as it is when it logs already."""
    if trail.logging:
        return trail
    intervals = (*trail.intervals, Interval(whole_milliseconds(now)))
    if len(intervals) > LOGGING_INTERVALS:
        intervals = (Interval(intervals[0].start, intervals[1].stop), *intervals[2:])
    return msgspec.structs.replace(trail, intervals=intervals)


def stopped(trail: Trail, now: datetime) -> Trail:
    if not trail.logging:
        return trail
    last = Interval(trail.intervals[-1].start, now)
    return msgspec.structs.replace(trail, intervals=(*trail.intervals[:-1], last))


def whole_milliseconds(moment: datetime) -> datetime:
    """Records keep milliseconds: the call that starts logging must not seem to be before the start."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def check_name(name: str) -> None:
    """Raises InvalidTrailNameException with AWS's words for a name that is none."""
    if len(name) < 3:
        problem = f"Trail name too short. Minimum allowed length: 3 characters. Specified name length: {len(name)} characters."
    elif len(name) > 128:
        problem = f"Trail name too long. Maximum allowed length: 128 characters. Specified name length: {len(name)} characters."
    elif not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        problem = (
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_)."
        )
    elif not name[0].isalnum():
        problem = "Trail name must starts with a letter or number."
    elif not name[-1].isalnum():
        problem = "Trail name must ends with a letter or number."
    elif re.search(r"[._-]{2}", name):
        problem = "Trail name cannot have adjacent periods, underscores, or hyphens."
    elif _is_address(name):
        problem = "Trail name cannot be in IP address format."
    else:
        return
    raise ServiceError("InvalidTrailNameException", problem)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def located(ctx: Ctx, name_or_arn: str) -> tuple[str, str, str]:
    """(account, region, name) of what a caller calls a trail. A plain name is one of this region.

    Raises InvalidTrailNameException and CloudTrailARNInvalidException.
    """
    if not name_or_arn.startswith("arn:"):
        check_name(name_or_arn)
        return ctx.account, ctx.region, name_or_arn
    try:
        parsed = Arn.parse(name_or_arn)
    except ValueError:
        parsed = Arn("", "", "", "", "")
    kind, _, name = parsed.resource.partition("/")
    if parsed.service != "cloudtrail" or kind != "trail" or not parsed.region or not parsed.account:
        raise ServiceError(
            "CloudTrailARNInvalidException",
            f"The ARN {name_or_arn} is not valid. The format of a trail ARN is "
            "arn:aws:cloudtrail:us-east-2:123456789012:trail/MyTrail.",
        )
    check_name(name)
    return parsed.account, parsed.region, name


def unknown(account: str, region: str, name: str, user: str) -> ServiceError:
    wanted = arn("cloudtrail", region, account, f"trail/{name}")
    return ServiceError("TrailNotFoundException", f"Unknown trail: {wanted} for the user: {user}")


async def find(ctx: Ctx, name_or_arn: str) -> Trail:
    """The trail, as far as it can be seen from this region. Raises TrailNotFoundException."""
    account, region, name = located(ctx, name_or_arn)
    trail = None
    if account == ctx.account:
        trail = await ctx.unit.get(TRAILS, name, account=account, region=region)
    if trail is None or not trail.seen_from(ctx.region):
        raise unknown(account, region, name, ctx.account)
    return trail


async def find_at_home(ctx: Ctx, name_or_arn: str) -> Trail:
    """The trail, to be changed: only its home region may. Raises InvalidHomeRegionException."""
    trail = await find(ctx, name_or_arn)
    if trail.home_region != ctx.region:
        raise ServiceError(
            "InvalidHomeRegionException",
            f"The trail {trail.name} cannot be changed from {ctx.region}: its home region is {trail.home_region}.",
        )
    return trail


async def visible(ctx: Ctx) -> list[Trail]:
    """Every trail of this account that is seen from this region, shadow trails included."""
    stored = await ctx.unit.list(TRAILS, account=ctx.account)
    return [document.value for document in stored if document.value.seen_from(ctx.region)]


def save(ctx: Ctx, trail: Trail) -> None:
    ctx.unit.put(TRAILS, trail.name, trail, account=trail.account, region=trail.home_region)
