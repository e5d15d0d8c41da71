"""The delivery channel: where snapshots and history files go; one per account and region."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from triptych.bus.post import is_permanent
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.services.config.delivery import (
    OUTCOMES,
    SNAPSHOT_CLOCKS,
    WINDOW,
    Kind,
    Outcome,
    SnapshotClock,
    period_of,
    put_file,
    whole_window,
    writability_key,
)
from triptych.services.config.documents import CHANNELS, Channel
from triptych.services.config.recorders import needs_recorder, the_recorder
from triptych.services.config.staging import PRINCIPAL
from triptych.services.contract import Ctx, operation

_PROPERTIES = "configSnapshotDeliveryProperties"
_TOPIC = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:.+")
_KEY = re.compile(r"arn:aws[\w-]*:kms:[\w-]+:\d{12}:(key|alias)/.+")


@operation
async def put_delivery_channel(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create or change the delivery channel, after a file was written to the bucket and a look at the topic.

    Partly: topics of other accounts are refused.
    """
    wanted = params["DeliveryChannel"]
    name = wanted.get("name") or "default"
    await needs_recorder(ctx, "Configuration recorder is not available to put delivery channel.")
    existing = await _channels(ctx)
    if existing and existing[0].name != name:
        raise ServiceError(
            "MaxNumberOfDeliveryChannelsExceededException",
            f"Failed to put delivery channel '{name}' because the maximum number of delivery channels: 1 is reached.",
        )
    _check(wanted)
    await _check_bucket(ctx, wanted)
    await _check_topic(ctx, wanted)
    await ctx.unit.get(CHANNELS, name, account=ctx.account, region=ctx.region)
    channel = Channel(name=name, members={**wanted, "name": name})
    ctx.unit.put(CHANNELS, name, channel, account=ctx.account, region=ctx.region)
    if not existing or existing[0].members.get(_PROPERTIES) != wanted.get(_PROPERTIES):
        ctx.unit.put(SNAPSHOT_CLOCKS, name, SnapshotClock(ctx.now), account=ctx.account, region=ctx.region)


def _check(wanted: dict[str, Any]) -> None:
    if wanted.get("s3KeyPrefix") == "":
        raise ServiceError("InvalidS3KeyPrefixException", "The s3 key prefix must not be empty.")
    key = wanted.get("s3KmsKeyArn")
    if key is not None and not _KEY.fullmatch(key):
        raise ServiceError(
            "InvalidS3KmsKeyArnException", f"The arn '{key}' is not a valid kms key or alias arn."
        )
    topic = wanted.get("snsTopicARN")
    if topic is not None and not _TOPIC.fullmatch(topic):
        raise _bad_topic(topic)


async def _check_bucket(ctx: Ctx, wanted: dict[str, Any]) -> None:
    bucket = wanted.get("s3BucketName") or ""
    if not bucket:
        raise ServiceError("NoSuchBucketException", "Cannot find a S3 bucket with an empty bucket name.")
    prefix = wanted.get("s3KeyPrefix") or ""
    try:
        await put_file(ctx, wanted, writability_key(prefix=prefix, account=ctx.account), b"")
    except ServiceError as error:
        if error.code == "NoSuchBucket":
            raise ServiceError(
                "NoSuchBucketException", f"Cannot find a S3 bucket with the specified bucket name: {bucket}"
            ) from error
        if is_permanent(error.code, error.status):
            raise ServiceError(
                "InsufficientDeliveryPolicyException",
                f"Insufficient delivery policy to s3 bucket: {bucket}, unable to write to bucket, provided s3 key "
                f"prefix is '{prefix or 'null'}'.",
            ) from error
        raise


async def _check_topic(ctx: Ctx, wanted: dict[str, Any]) -> None:
    topic = wanted.get("snsTopicARN")
    if topic is None:
        return
    try:
        asked = {"TopicArn": topic}
        await ctx.call(
            "sns", "GetTopicAttributes", asked, principal=PRINCIPAL, region=Arn.parse(topic).region
        )
    except ServiceError as error:
        if is_permanent(error.code, error.status):
            raise _bad_topic(topic) from error
        raise


def _bad_topic(topic: str) -> ServiceError:
    return ServiceError("InvalidSNSTopicARNException", f"The sns topic arn '{topic}' is not valid.")


async def _channels(ctx: Ctx, names: list[str] | None = None) -> list[Channel]:
    channels = [
        document.value for document in await ctx.unit.list(CHANNELS, account=ctx.account, region=ctx.region)
    ]
    for name in names or ():
        if name not in {channel.name for channel in channels}:
            raise _no_such(name)
    return [channel for channel in channels if not names or channel.name in names]


def _no_such(name: str) -> ServiceError:
    return ServiceError(
        "NoSuchDeliveryChannelException", f"Cannot find delivery channel with specified name '{name}'."
    )


@operation
async def describe_delivery_channels(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The delivery channel as it was put."""
    return {
        "DeliveryChannels": [
            channel.members for channel in await _channels(ctx, params.get("DeliveryChannelNames"))
        ]
    }


@operation
async def describe_delivery_channel_status(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """How the last deliveries of snapshots, history files and notifications went, and when the next ones are due."""
    channels = await _channels(ctx, params.get("DeliveryChannelNames"))
    outcomes = {
        document.key: document.value
        for document in await ctx.unit.list(OUTCOMES, account=ctx.account, region=ctx.region)
    }
    return {"DeliveryChannelsStatus": [await _status(ctx, channel, outcomes) for channel in channels]}


async def _status(ctx: Ctx, channel: Channel, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    clocks = await ctx.unit.list(
        SNAPSHOT_CLOCKS, account=ctx.account, region=ctx.region, prefix=channel.name, limit=1
    )
    period = period_of(channel)
    stream = outcomes.get("stream") if channel.members.get("snsTopicARN") else None
    shown = {"lastStatusChangeTime": stream.changed} if stream is not None else {}
    return {
        "name": channel.name,
        "configSnapshotDeliveryInfo": _export(
            outcomes.get("snapshot"), clocks[0].value.last + period if clocks and period else None
        ),
        "configHistoryDeliveryInfo": _export(outcomes.get("history"), whole_window(ctx.now) + WINDOW),
        "configStreamDeliveryInfo": _outcome(stream) | shown,
    }


def _export(outcome: Outcome | None, due: datetime | None) -> dict[str, Any]:
    times = {
        "lastAttemptTime": outcome and outcome.attempted,
        "lastSuccessfulTime": outcome and outcome.succeeded,
        "nextDeliveryTime": due,
    }
    return _outcome(outcome) | {name: time for name, time in times.items() if time is not None}


def _outcome(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"lastStatus": "Not_Applicable"}
    if outcome.status == "Success":
        return {"lastStatus": "Success"}
    return {
        "lastStatus": "Failure",
        "lastErrorCode": outcome.error_code,
        "lastErrorMessage": outcome.error_message,
    }


@operation
async def delete_delivery_channel(ctx: Ctx, params: dict[str, Any]) -> None:
    """Remove the channel; not while the recorder runs."""
    name = params["DeliveryChannelName"]
    if await ctx.unit.get(CHANNELS, name, account=ctx.account, region=ctx.region) is None:
        raise _no_such(name)
    recorder = await the_recorder(ctx)
    if recorder is not None and recorder.recording:
        raise ServiceError(
            "LastDeliveryChannelDeleteFailedException",
            f"Failed to delete last specified delivery channel with name '{name}', because there is a running "
            "configuration recorder.",
        )
    ctx.unit.delete(CHANNELS, name, account=ctx.account, region=ctx.region)
    ctx.unit.delete(SNAPSHOT_CLOCKS, name, account=ctx.account, region=ctx.region)
    for kind in get_args(Kind):
        ctx.unit.delete(OUTCOMES, kind, account=ctx.account, region=ctx.region)
