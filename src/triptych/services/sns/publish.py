"""Publish and PublishBatch: a message becomes one durable delivery for each subscription that wants it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.sns.deliver import Message, stage
from triptych.services.sns.filter_policy import wants
from triptych.services.sns.topic import Topic, find_topic, invalid, subscriptions_of

MESSAGE_BYTES = 256 * 1024
"""A message with its attributes, and all messages of a batch together (SNS)."""
_BATCH = 10
_DEDUPED = timedelta(minutes=5)
"""How long a deduplication id is remembered (SNS)."""
_SEQUENCE_START = 10_000_000_000_000_000_000
"""Sequence numbers have 20 digits."""


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """The last sequence number of a FIFO topic, and when each recent deduplication id was first used and for what."""

    last: int = _SEQUENCE_START
    recent: dict[str, tuple[datetime, str, str]] = {}


SEQUENCES = Collection(name="sns.sequences", type=Sequence)
"""By topic."""


@operation
async def publish(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Accept a message for every subscription that wants it; durable when this answers.

    Partly: to topics; phone numbers and mobile endpoints are refused.
    """
    if params.get("PhoneNumber"):
        raise ServiceError("NotImplemented", "Triptych does not send SMS.", status=501)
    where = params.get("TopicArn") or params.get("TargetArn")
    if not where:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    if ":endpoint/" in where:
        raise ServiceError("NotImplemented", "Triptych does not send mobile push notifications.", status=501)
    there, topic = await find_topic(ctx, where, "Publish")
    _check(topic, params)
    return await _accept(there, topic, params)


@operation
async def publish_batch(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Up to ten messages, each accepted or refused for itself."""
    there, topic = await find_topic(ctx, params["TopicArn"], "Publish")
    entries = params["PublishBatchRequestEntries"]
    _check_batch(entries)
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            _check(topic, entry)
            successful.append({"Id": entry["Id"], **await _accept(there, topic, entry)})
        except ServiceError as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "Code": error.code,
                    "Message": error.message,
                    "SenderFault": error.status < 500,
                }
            )
    return {"Successful": successful, "Failed": failed}


def _check_batch(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise ServiceError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > _BATCH:
        raise ServiceError(
            "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."
        )
    ids = [entry["Id"] for entry in entries]
    if any(not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", each) for each in ids):
        raise ServiceError(
            "InvalidBatchEntryId",
            "The Id of a batch entry in a batch request doesn't abide by the specification.",
        )
    if len(set(ids)) != len(ids):
        raise ServiceError(
            "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."
        )
    if sum(_size(entry) for entry in entries) > MESSAGE_BYTES:
        raise ServiceError(
            "BatchRequestTooLong", "The length of all the messages put together is more than the limit."
        )


def _size(params: Mapping[str, Any]) -> int:
    size = len(params["Message"].encode())
    for name, value in (params.get("MessageAttributes") or {}).items():
        content = value.get("BinaryValue") or (value.get("StringValue") or "").encode()
        size += len(name) + len(value["DataType"]) + len(content)
    return size


def _check(topic: Topic, params: Mapping[str, Any]) -> None:
    """Raises InvalidParameter and ParameterValueInvalid as SNS does."""
    if not params["Message"]:
        raise invalid("Empty message")
    if _size(params) > MESSAGE_BYTES:
        raise invalid("Message too long")
    subject = params.get("Subject")
    if subject is not None and (
        not 1 <= len(subject) <= 100 or subject[0].isspace() or re.search(r"[\x00-\x1f\x7f]", subject)
    ):
        raise invalid("Subject")
    structure = params.get("MessageStructure")
    if structure and structure != "json":
        raise invalid("MessageStructure")
    for name, value in (params.get("MessageAttributes") or {}).items():
        _check_attribute(name, value)
    group, dedupe = params.get("MessageGroupId"), params.get("MessageDeduplicationId")
    if not topic.fifo:
        if dedupe:
            raise invalid(
                "The request includes MessageDeduplicationId parameter that is not valid for this topic type"
            )
        return
    if not group:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if not dedupe and not topic.dedupes_by_content:
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
        )


def _check_attribute(name: str, value: Mapping[str, Any]) -> None:
    kind = value["DataType"]

    def fail(message: str) -> ServiceError:
        return ServiceError("ParameterValueInvalid", f"The message attribute '{name}' {message}")

    if not re.fullmatch(r"(String|Number|Binary)(\..+)?", kind):
        raise fail(
            "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        )
    content = value.get("BinaryValue") if kind.startswith("Binary") else value.get("StringValue")
    if not content:
        raise fail(f"must contain non-empty message attribute value for message attribute type '{kind}'.")
    if kind.startswith("Number"):
        try:
            float(str(content))
        except ValueError:
            raise ServiceError(
                "ParameterValueInvalid",
                f"Could not cast message attribute '{name}' value to number.",
            ) from None
    if not re.fullmatch(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)", name):
        raise fail("has an invalid name.")


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Protocol -> text; ``default`` is always there."""
    message: str = params["Message"]
    if params.get("MessageStructure") != "json":
        return {"default": message}
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(found.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _attributes(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """As envelopes have them: Type and Value, binaries in Base64."""
    return {
        name: {
            "Type": value["DataType"],
            "Value": base64.b64encode(value["BinaryValue"]).decode()
            if value["DataType"].startswith("Binary")
            else value["StringValue"],
        }
        for name, value in (params.get("MessageAttributes") or {}).items()
    }


async def _accept(ctx: Ctx, topic: Topic, params: Mapping[str, Any]) -> dict[str, Any]:
    texts, attributes = _texts(params), _attributes(params)
    message_id, sequence, dedupe = ctx.ids.uuid(), "", ""
    if topic.fifo:
        dedupe = (
            params.get("MessageDeduplicationId") or hashlib.sha256(params["Message"].encode()).hexdigest()
        )
        known = await _numbered(ctx, topic, params["MessageGroupId"], dedupe, message_id)
        sequence = known[1]
        if known[0] != message_id:
            return {
                "MessageId": known[0],
                "SequenceNumber": sequence,
            }  # a repeat: accepted, not delivered again
    for subscription in await subscriptions_of(ctx, topic):
        text = texts.get(subscription.protocol, texts["default"])
        asked = {"Message": text, "MessageAttributes": attributes}
        if not subscription.confirmed or not wants(subscription.attributes, asked):
            continue
        message = Message(
            id=message_id,
            text=text,
            subject=params.get("Subject"),
            attributes=attributes,
            published=ctx.now,
            group=params.get("MessageGroupId") or "",
            dedupe=dedupe,
            sequence=sequence,
        )
        stage(ctx, subscription, message)
    answer = {"MessageId": message_id}
    return answer | {"SequenceNumber": sequence} if sequence else answer


async def _numbered(ctx: Ctx, topic: Topic, group: str, dedupe: str, message_id: str) -> tuple[str, str]:
    """The message's id and sequence number: its own, or those of the message it repeats."""
    place = {"account": topic.account, "region": topic.region}
    state = await ctx.unit.get(SEQUENCES, topic.name, **place) or Sequence()
    key = f"{group}/{dedupe}" if topic.attributes.get("FifoThroughputScope") == "MessageGroup" else dedupe
    recent = {k: v for k, v in state.recent.items() if ctx.now - v[0] < _DEDUPED}
    if key in recent:
        return recent[key][1], recent[key][2]
    number = state.last + 1
    recent[key] = (ctx.now, message_id, str(number))
    ctx.unit.put(SEQUENCES, topic.name, Sequence(last=number, recent=recent), **place)
    return message_id, str(number)
