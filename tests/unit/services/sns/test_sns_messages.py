"""SNS without a server: who wants a message, what is signed, and numbers of a FIFO topic."""

from __future__ import annotations

import json
from typing import Any

import pytest

from triptych.kernel.errors import ServiceError
from triptych.services.sns.envelope import document, signed_text
from triptych.services.sns.filter_policy import check_policy, wants


def attribute(value: str, kind: str = "String") -> dict[str, str]:
    return {"Type": kind, "Value": value}


MESSAGE = {
    "Message": '{"order": {"state": "paid", "sum": 12.5, "tags": ["a", "b"]}}',
    "MessageAttributes": {
        "store": attribute("example_corp"),
        "price": attribute("100.00", "Number"),
        "interests": attribute('["rugby", "tennis", 7, true, null]', "String.Array"),
        "blob": attribute("AAE=", "Binary"),
    },
}


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        ({}, True),
        ({"store": ["example_corp"]}, True),
        ({"store": ["other"]}, False),
        ({"store": [{"anything-but": ["other"]}]}, True),
        ({"store": [{"prefix": "example"}], "price": [100]}, True),
        ({"price": [{"numeric": [">=", 100, "<", 101]}]}, True),
        ({"price": ["100.00"]}, False),
        ({"interests": ["tennis"]}, True),
        ({"interests": [7]}, True),
        ({"interests": [True]}, True),
        ({"interests": [None]}, True),
        ({"interests": ["golf"]}, False),
        ({"interests": [{"anything-but": ["rugby", "tennis"]}]}, True),
        ({"blob": [{"exists": True}]}, False),
        ({"nobody": [{"exists": False}]}, True),
        ({"store": ["other"], "price": [100]}, False),
        ({"$or": [{"store": ["other"]}, {"price": [100]}]}, True),
    ],
    ids=str,
)
def test_policies_over_attributes(policy: dict[str, Any], verdict: bool) -> None:
    text = json.dumps(policy)
    check_policy(text, "MessageAttributes")
    assert wants({"FilterPolicy": text}, MESSAGE) is verdict


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        ({"order": {"state": ["paid"]}}, True),
        ({"order": {"sum": [{"numeric": [">", 12]}], "tags": ["b"]}}, True),
        ({"order": {"state": [{"suffix": "x"}]}}, False),
        ({"store": ["example_corp"]}, False),
    ],
    ids=str,
)
def test_policies_over_the_body(policy: dict[str, Any], verdict: bool) -> None:
    text = json.dumps(policy)
    check_policy(text, "MessageBody")
    attributes = {"FilterPolicy": text, "FilterPolicyScope": "MessageBody"}
    assert wants(attributes, MESSAGE) is verdict


@pytest.mark.parametrize("body", ["no JSON", "[1]", '"order"', "5"])
def test_a_body_that_is_no_object_is_wanted_by_nobody(body: str) -> None:
    attributes = {"FilterPolicy": '{"a": [{"exists": false}]}', "FilterPolicyScope": "MessageBody"}
    assert not wants(attributes, {"Message": body, "MessageAttributes": {}})


def test_policies_are_refused_in_the_words_of_sns() -> None:
    with pytest.raises(ServiceError) as refused:
        check_policy('{"a": {"b": ["c"]}}', "MessageAttributes")
    assert (refused.value.code, refused.value.message) == (
        "InvalidParameter",
        "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy",
    )
    with pytest.raises(ServiceError) as refused:
        check_policy('{"a": [["b"]]}', "MessageBody")
    assert refused.value.message.startswith(
        "Invalid parameter: FilterPolicy: Match value must be String, number, true, false, or null\n at [Source: "
    )


def test_what_a_signature_is_over() -> None:
    members = {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": "t",
        "Subject": None,
        "Message": "x\ny",
        "Timestamp": "s",
    }
    assert (
        signed_text(members)
        == b"Message\nx\ny\nMessageId\nm\nTimestamp\ns\nTopicArn\nt\nType\nNotification\n"
    )
    with_subject = signed_text(members | {"Subject": "S"})
    assert (
        with_subject
        == b"Message\nx\ny\nMessageId\nm\nSubject\nS\nTimestamp\ns\nTopicArn\nt\nType\nNotification\n"
    )
    assert "Subject" not in json.loads(document(members))
