"""Event streams, read back by botocore's own decoder and event parsers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.eventstream import EventStream, EventStreamBuffer
from botocore.exceptions import EventStreamError
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from triptych.kernel.errors import Defect, ServiceError
from triptych.wire import codec, eventstream
from triptych.wire.model import operation_model

header_values = st.one_of(
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.binary(max_size=20),
    st.text(max_size=20),
)


def decoded(data: bytes) -> list[Any]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


@given(
    st.dictionaries(st.text("abc:-", min_size=1, max_size=9), header_values, max_size=5),
    st.binary(max_size=99),
)
def test_botocore_reads_every_message(headers: dict[str, Any], payload: bytes) -> None:
    (message,) = decoded(eventstream.encode_message(headers, payload))
    assert (message.headers, message.payload) == (headers, payload)
    assert [type(v) for v in message.headers.values()] == [type(v) for v in headers.values()]


def test_times_and_uuids_have_their_own_header_types() -> None:
    moment, identifier = datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), uuid.UUID(int=7)
    (message,) = decoded(eventstream.encode_message({"t": moment, "u": identifier}, b""))
    assert message.headers == {"t": 1704164645678, "u": identifier.bytes}


def test_a_number_too_wide_is_our_own_mistake() -> None:
    with pytest.raises(Defect):
        eventstream.encode_message({"n": 1 << 63}, b"")


class Body:
    """A reply's body as botocore's EventStream wants it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks

    def stream(self) -> Iterator[bytes]:
        return iter(self.chunks)


def tail() -> tuple[Any, Any]:
    operation = operation_model("logs", "StartLiveTail")
    return operation, operation.output_shape.members["responseStream"]


def client(body: bytes) -> EventStream:
    operation, _ = tail()
    response = {
        "status_code": 200,
        "headers": {},
        "body": Body([body]),
        "context": {"operation_name": "StartLiveTail"},
    }
    return create_parser("json").parse(response, operation.output_shape)["responseStream"]


def test_a_live_tail_is_followed_to_its_end() -> None:
    operation, stream = tail()
    head = codec.encode_reply("json", operation, {}, request_id="r")
    assert head.headers.get("content-type") == "application/vnd.amazon.eventstream"
    start = {"requestId": "q", "logGroupIdentifiers": ["g"]}
    update = {
        "sessionMetadata": {"sampled": False},
        "sessionResults": [{"message": "m", "timestamp": 5, "ingestionTime": 6}],
    }
    body = (
        head.body
        + eventstream.encode_event("json", stream, "sessionStart", start)
        + eventstream.encode_event("json", stream, "sessionUpdate", update)
    )
    assert list(client(body)) == [{"sessionStart": start}, {"sessionUpdate": update}]


def test_an_exception_ends_the_stream() -> None:
    operation, stream = tail()
    head = codec.encode_reply("json", operation, {}, request_id="r")
    for code in ("SessionTimeoutException", "AccessDenied"):
        error = eventstream.encode_exception("json", stream, ServiceError(code, "over"))
        with pytest.raises(EventStreamError, match=rf"\({code}\).*over"):
            list(client(head.body + error))


def test_blob_payloads_and_empty_events() -> None:
    operation = operation_model("lambda", "InvokeWithResponseStream")
    stream = operation.output_shape.members["EventStream"]
    head = codec.encode_reply(
        "rest-json", operation, {"StatusCode": 200, "ExecutedVersion": "1"}, request_id="r"
    )
    assert (head.status, head.body, head.headers.get("x-amz-executed-version")) == (200, b"", "1")
    body = eventstream.encode_event("rest-json", stream, "PayloadChunk", {"Payload": b"\xff"})
    body += eventstream.encode_event("rest-json", stream, "InvokeComplete", {"LogResult": "ok"})
    response = {"status_code": 200, "headers": {}, "body": Body([body]), "context": {"operation_name": "x"}}
    events = create_parser("rest-json").parse(response, operation.output_shape)["EventStream"]
    assert list(events) == [{"PayloadChunk": {"Payload": b"\xff"}}, {"InvokeComplete": {"LogResult": "ok"}}]


def test_xml_events() -> None:
    stream = operation_model("s3", "SelectObjectContent").output_shape.members["Payload"]
    body = eventstream.encode_event("rest-xml", stream, "Stats", {"Details": {"BytesScanned": 5}})
    body += eventstream.encode_event("rest-xml", stream, "End", {})
    parser = create_parser("rest-xml")
    events = EventStream(Body([body]), stream, parser._event_stream_parser, "x")
    assert list(events) == [{"Stats": {"Details": {"BytesScanned": 5}}}, {"End": {}}]


def test_an_event_the_model_does_not_know_is_our_own_mistake() -> None:
    _, stream = tail()
    with pytest.raises(Defect, match="sessionUpdate has no member lines"):
        eventstream.encode_event("json", stream, "sessionUpdate", {"lines": []})
