"""The quick reader of PutLogEvents against the model's: what it takes, the model takes, and both read the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from triptych.kernel.errors import ServiceError
from triptych.services.logs.arriving import columns, may_hold_metrics, read_batch, sizes
from triptych.wire import codec
from triptych.wire.message import HttpRequest
from triptych.wire.model import operation_model
from triptych.wire.validate import validate

OPERATION = operation_model("logs", "PutLogEvents")


def by_the_model(body: bytes) -> dict[str, Any] | None:
    """The parameters, or None for what is refused."""
    try:
        params = codec.decode_request("json", OPERATION, HttpRequest("POST", "/", body=body))
        validate(OPERATION, params)
    except ServiceError:
        return None
    return params


numbers = st.one_of(
    st.integers(0, 2**43),
    st.sampled_from(
        [-1, 0, 2**63 - 1, 2**63, 2**64, 1.0, 1.5, 1e3, 1e18, 1e19, -0.0, True, None, "1", [], {}]
    ),
)
texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["", "a\u0000b", "\ud800", "é" * 3, '{"a": 1}', "g" * 512, "g" * 513, "a:b", "a*", "a\n", None, 1, []]
    ),
)
names = st.one_of(st.sampled_from(["g", "/aws/x", "a.b-c_d#1"]), texts)
event = st.one_of(
    st.fixed_dictionaries({"timestamp": st.integers(0, 2**43), "message": st.text(min_size=1, max_size=9)}),
    st.fixed_dictionaries({}, optional={"timestamp": numbers, "message": texts, "more": numbers}),
    numbers,
)
body = st.fixed_dictionaries(
    {"logGroupName": names, "logStreamName": names, "logEvents": st.one_of(st.lists(event, max_size=4), numbers)},
    optional={"sequenceToken": texts, "entity": st.sampled_from([{}, {"keyAttributes": {"a": "b"}}, None, 1]), "other": numbers},
)  # fmt: skip


@given(body)
@example({"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]})
def test_what_is_read_quickly_is_what_the_model_reads(document: dict[str, Any]) -> None:
    text = json.dumps(document).encode()
    quickly = read_batch("json", text)
    if quickly is not None:
        assert msgspec.to_builtins(quickly) == _without_strangers(by_the_model(text))


def _without_strangers(params: dict[str, Any] | None) -> dict[str, Any] | None:
    if params is not None:
        params["logEvents"] = [
            {"timestamp": each["timestamp"], "message": each["message"]} for each in params["logEvents"]
        ]
    return params


@given(st.binary(max_size=40))
def test_no_bytes_break_it(noise: bytes) -> None:
    for text in (noise, b'{"logGroupName":"g","logStreamName":"s","logEvents":[' + noise):
        quickly = read_batch("json", text)
        assert quickly is None or msgspec.to_builtins(quickly) == by_the_model(text)


def test_the_usual_is_read_quickly_and_the_unusual_is_left_to_the_model() -> None:
    usual = {
        "logGroupName": "/g",
        "logStreamName": "s",
        "logEvents": [{"timestamp": 5, "message": "é"}] * 10_000,
        "sequenceToken": "4",
    }
    text = json.dumps(usual).encode()
    assert msgspec.to_builtins(read_batch("json", text)) == usual == by_the_model(text)
    assert read_batch("smithy-rpc-v2-cbor", text) is None
    for unusual in (
        {"entity": {}},
        {"logEvents": [{"timestamp": 5, "message": "m"}] * 10_001},
        {"logEvents": []},
        {"logGroupName": "no spaces"},
        {"logStreamName": "a:b"},
        {"sequenceToken": None},
    ):
        assert read_batch("json", json.dumps(usual | unusual).encode()) is None


def test_both_forms_make_the_same_columns() -> None:
    plain = [{"timestamp": 5, "message": "aé"}, {"timestamp": 6, "message": "b"}]
    text = json.dumps({"logGroupName": "g", "logStreamName": "s", "logEvents": plain}).encode()
    quickly = read_batch("json", text)
    assert quickly is not None
    assert columns(quickly["logEvents"]) == columns(plain) == ([5, 6], pa.array(["aé", "b"]))
    assert sizes(pa.array(["aé", "b"])).to_pylist() == [29, 27]
    with pytest.raises(ServiceError, match="surrogate"):
        columns([{"timestamp": 5, "message": "\ud800"}])


@given(st.lists(st.sampled_from(["x", '{"_aws": {"CloudWatchMetrics": []}}', "CloudWatchMetrics", ""])))
def test_embedded_metrics_are_never_overlooked(messages: list[str]) -> None:
    array = pa.array(messages, pa.string())
    if any('"CloudWatchMetrics"' in message for message in messages):
        assert may_hold_metrics(array)
    if not any("CloudWatchMetrics" in message for message in messages):
        assert not may_hold_metrics(array)
