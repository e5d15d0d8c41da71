"""What subscriptions deliver: AWS's envelope of events, JSON under gzip. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence

import msgspec

from triptych.query.filter_pattern import Pattern
from triptych.services.logs.search import Event

MESSAGE_BYTES = 700 * 1024
"""Events of one message, uncompressed, so that the message fits a record of 1 MB even if nothing can be compressed
and every character is escaped twice (ours); one larger event goes alone."""


class _LogEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    timestamp: int
    message: str
    extractedFields: dict[str, str] = {}  # noqa: N815 - AWS's spelling


def packed(body: object) -> bytes:
    return gzip.compress(msgspec.json.encode(body), mtime=0)


def control_message(timestamp: int, kind: str) -> bytes:
    """What is sent to a destination to see whether it takes anything."""
    text = f"CWL CONTROL MESSAGE: Checking health of destination {kind}."
    return packed(
        {
            "messageType": "CONTROL_MESSAGE",
            "owner": "CloudwatchLogs",
            "logGroup": "",
            "logStream": "",
            "subscriptionFilters": [],
            "logEvents": [_LogEvent(id="", timestamp=timestamp, message=text)],
        }
    )


def data_messages(
    *, owner: str, group: str, subscription: str, pattern: Pattern | None, events: Sequence[Event]
) -> Iterator[tuple[str, bytes]]:
    """(stream, message) for the events that match: each message holds events of one stream, in their order."""
    streams: dict[str, list[_LogEvent]] = {}
    sizes: dict[str, int] = {}

    def message(stream: str) -> tuple[str, bytes]:
        body = {
            "messageType": "DATA_MESSAGE",
            "owner": owner,
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": [subscription],
            "logEvents": streams.pop(stream),
        }
        return stream, packed(body)

    for event in events:
        fields = {} if pattern is None else pattern.extract(event.message)
        if fields is None:
            continue
        if event.stream in streams and sizes[event.stream] + event.bytes > MESSAGE_BYTES:
            yield message(event.stream)
        if event.stream not in streams:
            streams[event.stream], sizes[event.stream] = [], 0
        # The fields of a line, not of a JSON document: those can be read in the message itself.
        named = {name[1:]: value for name, value in fields.items() if not name.startswith(("$.", "$["))}
        streams[event.stream].append(
            _LogEvent(
                id=event.place.event_id,
                timestamp=event.place.time,
                message=event.message,
                extractedFields=named,
            )
        )
        sizes[event.stream] += event.bytes
    for stream in list(streams):
        yield message(stream)
