"""The delivery channel: where snapshots and history files go; one per account and region."""

from __future__ import annotations

import re
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import CHANNELS, Channel
from triptych.services.config.recorders import needs_recorder, the_recorder
from triptych.services.config.staging import PRINCIPAL
from triptych.services.contract import Ctx, operation

_TOPIC = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:.+")
_KEY = re.compile(r"arn:aws[\w-]*:kms:[\w-]+:\d{12}:(key|alias)/.+")


@operation
async def put_delivery_channel(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create or change the delivery channel, after a look whether the bucket is there.

    Partly: nothing is delivered to the bucket or the topic yet.
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
    await ctx.unit.get(CHANNELS, name, account=ctx.account, region=ctx.region)
    channel = Channel(name=name, members={**wanted, "name": name})
    ctx.unit.put(CHANNELS, name, channel, account=ctx.account, region=ctx.region)


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
        raise ServiceError("InvalidSNSTopicARNException", f"The sns topic arn '{topic}' is not valid.")


async def _check_bucket(ctx: Ctx, wanted: dict[str, Any]) -> None:
    bucket = wanted.get("s3BucketName") or ""
    if not bucket:
        raise ServiceError("NoSuchBucketException", "Cannot find a S3 bucket with an empty bucket name.")
    try:
        await ctx.call("s3", "HeadBucket", {"Bucket": bucket}, principal=PRINCIPAL)
    except ServiceError as error:
        # A HEAD has no body, so only the status tells.
        if error.status == 404:
            raise ServiceError(
                "NoSuchBucketException", f"Cannot find a S3 bucket with the specified bucket name: {bucket}"
            ) from error
        if error.status in {301, 400, 403}:
            prefix = wanted.get("s3KeyPrefix", "null")
            raise ServiceError(
                "InsufficientDeliveryPolicyException",
                f"Insufficient delivery policy to s3 bucket: {bucket}, unable to write to bucket, provided s3 key "
                f"prefix is '{prefix}'.",
            ) from error
        raise


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
    """How deliveries went: none were due, because nothing is delivered yet."""
    never = {"lastStatus": "Not_Applicable"}
    return {
        "DeliveryChannelsStatus": [
            {
                "name": channel.name,
                "configSnapshotDeliveryInfo": never,
                "configHistoryDeliveryInfo": never,
                "configStreamDeliveryInfo": never,
            }
            for channel in await _channels(ctx, params.get("DeliveryChannelNames"))
        ]
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
