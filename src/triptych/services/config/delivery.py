"""What is delivered through the channel, as values: files and their names, cursors, how deliveries went.

Who delivers: ``deliver_snapshot``, ``deliver_history``, ``notify``. Keys follow from what is in a file, so a repeat
puts the same file again.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import CHANNELS, Channel
from triptych.services.config.staging import PRINCIPAL
from triptych.services.contract import Ctx

__all__ = [
    "HISTORY_CURSORS",
    "OUTCOMES",
    "SNAPSHOT_CLOCKS",
    "WINDOW",
    "HistoryCursor",
    "Kind",
    "Outcome",
    "SnapshotClock",
    "Window",
    "history_key",
    "note",
    "oversized_key",
    "period_of",
    "put_file",
    "snapshot_key",
    "the_channel",
    "whole_window",
    "writability_key",
    "zipped",
]

Kind = Literal["snapshot", "history", "stream"]
WINDOW = timedelta(hours=6)
"""Configuration history is delivered for every six hours of the clock (AWS)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOURS = {"One_Hour": 1, "Three_Hours": 3, "Six_Hours": 6, "Twelve_Hours": 12, "TwentyFour_Hours": 24}
_ACL = "bucket-owner-full-control"


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the last delivery of a kind went.

    :param changed: when it began to go like that.
    """

    status: Literal["Success", "Failure"]
    error_code: str = ""
    error_message: str = ""
    attempted: datetime
    succeeded: datetime | None = None
    changed: datetime


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Files that are being put: the items with ``after`` < seq <= ``until``.

    :param ends: the moment that the files are of. :param part: which files of that moment, from 1.
    """

    after: int
    until: int
    ends: datetime
    part: int


class HistoryCursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the history files are.

    :param seq: every item up to this place in the outbox is in a file, or in ``pending``.
    :param window: the last window that is over and delivered ended then.
    """

    window: datetime
    seq: int = 0
    part: int = 0
    pending: Window | None = None


class SnapshotClock(msgspec.Struct, frozen=True):
    """When the last periodic snapshot was due; before the first one, when the channel was made."""

    last: datetime


OUTCOMES = Collection(name="config.delivery_outcomes", type=Outcome)
"""By kind. Written without a guard: the last to say how it went is right."""
HISTORY_CURSORS = Collection(name="config.history_cursors", type=HistoryCursor)
"""One in an account and region, under the key ``history``; it outlives the channel."""
SNAPSHOT_CLOCKS = Collection(name="config.snapshot_clocks", type=SnapshotClock)
"""By channel name."""


def whole_window(moment: datetime) -> datetime:
    """The last end of a window: 00:00, 06:00, 12:00 or 18:00 UTC."""
    return moment - (moment - _EPOCH) % WINDOW


def period_of(channel: Channel) -> timedelta | None:
    """How often a snapshot is delivered unasked; None: never."""
    frequency = (channel.members.get("configSnapshotDeliveryProperties") or {}).get("deliveryFrequency")
    return timedelta(hours=_HOURS[frequency]) if frequency else None


# --- names of files -----------------------------------------------------------------------------------------


def snapshot_key(*, prefix: str, account: str, region: str, at: datetime, snapshot_id: str) -> str:
    name = f"{account}_Config_{region}_ConfigSnapshot_{_compact(at)}_{snapshot_id}.json.gz"
    return f"{_day(prefix, account, region, at)}/ConfigSnapshot/{name}"


def history_key(
    *,
    prefix: str,
    account: str,
    region: str,
    resource_type: str,
    first: datetime,
    last: datetime,
    window: Window,
) -> str:
    """``first`` and ``last``: capture times of the file's oldest and newest item."""
    name = (
        f"{account}_Config_{region}_ConfigHistory_{resource_type}_{_compact(first)}_{_compact(last)}"
        f"_{window.part}.json.gz"
    )
    return f"{_day(prefix, account, region, window.ends)}/ConfigHistory/{name}"


def oversized_key(
    *, prefix: str, account: str, region: str, resource_type: str, resource_id: str, at: datetime
) -> str:
    name = (
        f"{account}_Config_{region}_ChangeNotification_{resource_type}_{resource_id}_{_compact(at)}_0.json.gz"
    )
    folder = f"OversizedChangeNotification/{resource_type}/{resource_id}"
    return f"{_day(prefix, account, region, at)}/{folder}/{name}"


def writability_key(*, prefix: str, account: str) -> str:
    """The empty file that PutDeliveryChannel writes to see whether it may."""
    return f"{_lead(prefix)}AWSLogs/{account}/Config/ConfigWritabilityCheckFile"


def _lead(prefix: str) -> str:
    return f"{prefix}/" if prefix else ""


def _day(prefix: str, account: str, region: str, at: datetime) -> str:
    day = at.astimezone(UTC)
    return f"{_lead(prefix)}AWSLogs/{account}/Config/{region}/{day.year}/{day.month}/{day.day}"


def _compact(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


# --- files --------------------------------------------------------------------------------------------------


def zipped(members: dict[str, str], items: Iterable[str]) -> bytes:
    """A file of items (JSON text), compressed; the same bytes for the same items."""
    head = json.dumps({"fileVersion": "1.0", **members}, separators=(",", ":"))
    text = f'{head[:-1]},"configurationItems":[' + ",".join(items) + "]}"
    return gzip.compress(text.encode(), mtime=0)


async def put_file(ctx: Ctx, channel: dict[str, Any], key: str, body: bytes) -> None:
    """Into the channel's bucket, as Config. Raises ServiceError as S3 answered.

    :param channel: DeliveryChannel in the API's members.
    """
    put: dict[str, Any] = {"Bucket": channel["s3BucketName"], "Key": key, "Body": body, "ACL": _ACL}
    if body:
        put |= {"ContentType": "application/json", "ContentEncoding": "gzip"}
    if kms_key := channel.get("s3KmsKeyArn"):
        put |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}
    await ctx.call("s3", "PutObject", put, principal=PRINCIPAL)


# --- what is kept -------------------------------------------------------------------------------------------


async def the_channel(ctx: Ctx) -> Channel | None:
    """The channel of this account and region."""
    found = await ctx.unit.list(CHANNELS, account=ctx.account, region=ctx.region, limit=1)
    return found[0].value if found else None


async def note(ctx: Ctx, kind: Kind, failure: ServiceError | None) -> None:
    """Stage how a delivery went. The stream's is written only when it goes another way than before."""
    listed = await ctx.unit.list(OUTCOMES, account=ctx.account, region=ctx.region, prefix=kind, limit=1)
    known = listed[0].value if listed and listed[0].key == kind else None
    status: Literal["Success", "Failure"] = "Success" if failure is None else "Failure"
    code, message = ("", "") if failure is None else (failure.code, failure.message)
    same = known is not None and (known.status, known.error_code) == (status, code)
    if kind == "stream" and same:
        return
    outcome = Outcome(
        status=status,
        error_code=code,
        error_message=message,
        attempted=ctx.now,
        succeeded=ctx.now if failure is None else known.succeeded if known is not None else None,
        changed=known.changed if same and known is not None else ctx.now,
    )
    ctx.unit.put(OUTCOMES, kind, outcome, account=ctx.account, region=ctx.region)
