"""One pass answers what reading and then validating answer, or nothing."""

from __future__ import annotations

import json
import os
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from triptych.wire import codec, one_pass
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.model import operation_model, service_model
from triptych.wire.validate import validate
from wire.shape_strategies import JSON_TEXT, Dialect, parameters

OURS = ("cloudwatch", "logs", "cloudtrail", "config", "events", "ssm")
EXAMPLES = int(os.environ.get("TEST_WIRE_EXAMPLES", "3"))

few = settings(
    max_examples=max(EXAMPLES - 1, 1),
    deadline=None,
    derandomize="TEST_WIRE_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate] if EXAMPLES <= 3 else [Phase.generate, Phase.shrink],
)
many = settings(few, max_examples=EXAMPLES * 100, phases=[Phase.generate, Phase.shrink])

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 1.0, 1.5, -0.0, 2**31, 2**63, 2**64, 10**30, 1e308, 1_700_000_000]),
    st.sampled_from(["", "NaN", "Infinity", "1", "Percent", "2024-05-01T00:00:00Z", "ü", "x" * 300, ":x"]),
    st.sampled_from([[], {}, [None], [[]], {"Name": None}, [{"Name": "a", "Value": "b"}]]),
)
"""What a member is replaced by: all that decoders and validation stumble over."""


def generic(protocol: str, operation: Any, body: bytes) -> dict[str, Any]:
    request = HttpRequest("POST", "/", "", Headers([]), body)
    params = codec.decode_request(protocol, operation, request)
    validate(operation, params)
    return params


def same(one: Any, other: Any) -> bool:
    """Equal in kind too, and as JSON shows it: 1 is not 1.0 where an answer would show the difference."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def broken(draw: Any, tree: Any) -> Any:
    """The tree with one of its values, at any depth, replaced by a strange one, or with a member more."""
    if isinstance(tree, dict) and tree and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(tree)))
        return tree | {name: broken(draw, tree[name])}
    if isinstance(tree, list) and tree and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(tree) - 1))
        return [*tree[:at], broken(draw, tree[at]), *tree[at + 1 :]]
    if isinstance(tree, dict) and draw(st.booleans()):
        return tree | {draw(st.sampled_from(["Unknown", "Value", "Name", "Namespace"])): draw(STRANGE)}
    return draw(STRANGE)


def written(protocol: str, tree: Any) -> bytes:
    return json.dumps(tree).encode() if protocol == "json" else cbor2.dumps(tree)


def read_back(protocol: str, body: bytes) -> Any:
    return json.loads(body) if protocol == "json" else cbor2.loads(body)


def check(protocol: str, service: str, name: str, examples: settings) -> None:
    operation = operation_model(service, name)
    if operation.input_shape is None:
        return

    @examples
    @given(parameters(operation.input_shape, Dialect(JSON_TEXT)), st.data())
    def holds(params: dict[str, Any], data: st.DataObject) -> None:
        body = codec.encode_request(protocol, operation, params).body
        bodies = [body]
        tree = read_back(protocol, body)
        for _ in range(2):
            tree = broken(data.draw, tree)
            bodies.append(written(protocol, tree))
        for each in bodies:
            found = one_pass.read(protocol, operation, each)
            if found is not None:
                assert same(found, generic(protocol, operation, each))

    holds()


@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
@pytest.mark.parametrize("case", [("cloudwatch", "PutMetricData"), ("logs", "PutLogEvents")], ids="-".join)
def test_requests_in_volume(protocol: str, case: tuple[str, str]) -> None:
    check(protocol, *case, many)


CASES = [
    (each, protocol, name)
    for each in OURS
    for protocol in service_model(each).metadata["protocols"]
    if protocol != "query"
    for name in service_model(each).operation_names
]


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_every_operation(case: tuple[str, str, str]) -> None:
    service, protocol, name = case
    check(protocol, service, name, few)


DATUM = {
    "MetricName": "m",
    "Dimensions": [{"Name": "Host", "Value": "a"}],
    "Timestamp": 1_700_000_000.25,
    "Unit": "Count",
    "StorageResolution": 1,
}


@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
@pytest.mark.parametrize(
    "said", [{"Value": 1}, {"Values": [1.5, 2]}, {"Values": [1.5], "Counts": [2]}, {"Unknown": None}]
)
def test_plain_data_take_the_quick_way(protocol: str, said: dict[str, Any]) -> None:
    """The other tests would hold if nothing did."""
    operation = operation_model("cloudwatch", "PutMetricData")
    body = written(protocol, {"Namespace": "N", "MetricData": [DATUM | said]})
    found = one_pass.read(protocol, operation, body)
    assert found is not None
    assert same(found, generic(protocol, operation, body))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b"\xff", b'{"Namespace": ":x"}', b'{"Namespace": "x", "MetricData": null}',
        b'{"Namespace": "x", "MetricData": [{"MetricName": "m", "Value": "NaN"}]}',
        b'{"Namespace": "x", "MetricData": [{"MetricName": "m", "Unit": "Miles"}]}',
        b'{"Namespace": "x", "MetricData": [{"MetricName": "m", "Timestamp": true}]}',
        b'{"Namespace": "x", "MetricData": [{"MetricName": "m", "Timestamp": "noon"}]}',
        b'{"MetricData": []}',
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_not_answered(body: bytes) -> None:
    operation = operation_model("cloudwatch", "PutMetricData")
    assert one_pass.read("json", operation, body) is None
