"""Items, their serialisations and their differences; recording groups."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.kernel.context import service_identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import ApiCall
from triptych.services.config.difference import difference
from triptych.services.config.documents import Recorder
from triptych.services.config.item import (
    Item,
    Relationship,
    api_item,
    base_item,
    deleted,
    event_item,
    from_event,
    later_than,
    state_id,
)
from triptych.services.config.recording import group_of, records, resolve_group
from triptych.services.config.resource_type import Touch, touched
from triptych.wire.model import service_model

TIME = datetime(2020, 11, 2, 3, 28, 12, 399000, tzinfo=UTC)


def item(**parts: Any) -> Item:
    return msgspec.structs.replace(
        Item(
            account="123456789012",
            region="eu-west-1",
            resource_type="AWS::S3::Bucket",
            resource_id="b",
            resource_name="b",
            arn="arn:aws:s3:::b",
            availability_zone="Regional",
            status="OK",
            captured=TIME,
            created=TIME,
            tags={"team": "web"},
            relationships=(Relationship(name="Is in", resource_type="AWS::EC2::VPC", resource_id="vpc-1"),),
            configuration={"name": "b", "nothing": None},
            supplementary={"IsRequesterPaysEnabled": False, "AccessControlList": '{"owner":1}'},
        ),
        **parts,
    )


def test_api_form_has_json_text_and_the_models_members() -> None:
    shown = api_item(item())
    assert shown["configurationStateId"] == "1604287692399"
    assert shown["configuration"] == '{"name":"b","nothing":null}'
    # a part that is text is text within text, as recorded items have it
    assert shown["supplementaryConfiguration"] == {
        "IsRequesterPaysEnabled": "false",
        "AccessControlList": '"{\\"owner\\":1}"',
    }
    assert shown["relationships"] == [
        {"relationshipName": "Is in", "resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1"}
    ]
    model = service_model("config")
    assert set(shown) == set(model.shape_for("ConfigurationItem").members)
    assert set(base_item(item())) == set(model.shape_for("BaseConfigurationItem").members)


def test_event_form_is_spelled_as_events_are() -> None:
    body = event_item(item())
    assert body["configurationItemCaptureTime"] == "2020-11-02T03:28:12.399Z"
    assert body["configurationStateId"] == 1604287692399
    assert body["ARN"] == "arn:aws:s3:::b"
    assert body["configuration"] == {"name": "b", "nothing": None}
    assert json.loads(json.dumps(body)) == body
    assert from_event(json.loads(json.dumps(body))) == item()


def test_deleted_items_carry_null() -> None:
    gone = deleted(item(), TIME + timedelta(seconds=1))
    assert api_item(gone)["configuration"] == "null"
    assert api_item(gone)["tags"] == {}
    assert from_event(event_item(gone)) == gone


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(microseconds=900), timedelta(seconds=-5)])
def test_capture_times_increase_by_milliseconds(ahead: timedelta) -> None:
    assert state_id(later_than(item(), TIME + ahead)) == state_id(TIME) + 1


def test_nothing_changed_is_no_difference() -> None:
    later = item(captured=TIME + timedelta(hours=1), status="ResourceDiscovered")
    assert difference(item(), later) is None


def test_new_resources_are_created_again_after_deletion() -> None:
    created = {"changedProperties": {}, "changeType": "CREATE"}
    gone = deleted(item(), TIME)
    assert difference(None, item()) == created
    assert difference(gone, item()) == created
    assert difference(gone, gone) is None
    assert difference(None, gone) is None


def test_paths_are_spelled_as_aws_spells_them() -> None:
    before = item(
        configuration={"ipPermissions": [{"fromPort": 22}, {"fromPort": 80}], "groupName": "a"},
        supplementary={"PublicAccessBlockConfiguration": {"blockPublicAcls": True}, "Gone": {"a": 1}},
    )
    after = item(
        configuration={"ipPermissions": [{"fromPort": 80}, {"fromPort": 443}], "groupName": "b"},
        supplementary={"PublicAccessBlockConfiguration": {"blockPublicAcls": False}, "New": {"b": 1}},
        relationships=(),
    )
    assert difference(before, after) == {
        "changeType": "UPDATE",
        "changedProperties": {
            "Configuration.GroupName": change("a", "b", "UPDATE"),
            "Configuration.IpPermissions.0": change({"fromPort": 22}, None, "DELETE"),
            "Configuration.IpPermissions.1": change(None, {"fromPort": 443}, "CREATE"),
            "SupplementaryConfiguration.Gone": change({"a": 1}, None, "DELETE"),
            "SupplementaryConfiguration.New": change(None, {"b": 1}, "CREATE"),
            "SupplementaryConfiguration.PublicAccessBlockConfiguration.BlockPublicAcls": change(
                True, False, "UPDATE"
            ),
            "Relationships.0": change(event_item(before)["relationships"][0], None, "DELETE"),
        },
    }


def change(before: Any, after: Any, kind: str) -> dict[str, Any]:
    return {"previousValue": before, "updatedValue": after, "changeType": kind}


def test_deletion_lists_what_went() -> None:
    diff = difference(item(), deleted(item(), TIME))
    assert diff is not None
    assert diff["changeType"] == "DELETE"
    assert diff["changedProperties"]["Configuration"] == change(
        {"name": "b", "nothing": None}, None, "DELETE"
    )
    assert "Relationships.0" in diff["changedProperties"]


def test_order_in_lists_means_nothing_but_repeats_do() -> None:
    def listing(*ports: int) -> Item:
        return item(configuration={"rules": [{"port": port, "to": [1, 2]} for port in ports]})

    assert difference(listing(1, 2), listing(2, 1)) is None
    shuffled = item(configuration={"rules": [{"to": [2, 1], "port": 1}]})
    assert difference(listing(1), shuffled) is None
    diff = difference(listing(1), listing(1, 1))
    assert diff is not None
    assert list(diff["changedProperties"]) == ["Configuration.Rules.0"]


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    before=st.dictionaries(st.sampled_from("xyz"), values),
    after=st.dictionaries(st.sampled_from("xyz"), values),
)
def test_a_difference_is_found_in_both_directions_or_not_at_all(before: Any, after: Any) -> None:
    there = difference(item(configuration=before), item(configuration=after))
    back = difference(item(configuration=after), item(configuration=before))
    assert (there is None) == (back is None)
    assert difference(item(configuration=before), item(configuration=json.loads(json.dumps(before)))) is None
    if there is not None and back is not None:
        mirror = {"CREATE": "DELETE", "DELETE": "CREATE", "UPDATE": "UPDATE"}
        kinds = sorted(mirror[one["changeType"]] for one in there["changedProperties"].values())
        assert kinds == sorted(one["changeType"] for one in back["changedProperties"].values())


# --- recording groups ------------------------------------------------------------------------------------

BUILT = ("AWS::S3::Bucket", "AWS::EC2::SecurityGroup")


def recorder(group: dict[str, Any] | None, *, recording: bool = True) -> Recorder:
    strategy, types, include_global = resolve_group(group, BUILT)
    return Recorder(
        name="default",
        arn="arn",
        role_arn="role",
        strategy=strategy,
        types=types,
        include_global=include_global,
        recording=recording,
    )


@pytest.mark.parametrize(
    ("group", "buckets", "groups"),
    [
        (None, True, True),
        ({"allSupported": True}, True, True),
        ({"allSupported": True, "includeGlobalResourceTypes": True}, True, True),
        ({"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]}, True, False),
        ({"resourceTypes": ["AWS::S3::Bucket"], "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}}, True, False),
        ({"exclusionByResourceTypes": {"resourceTypes": ["AWS::S3::Bucket", "AWS::IAM::User"]}}, False, True),
    ],
)  # fmt: skip
def test_groups_record_what_they_say(group: Any, buckets: bool, groups: bool) -> None:
    made = recorder(group)
    assert records(made, "AWS::S3::Bucket") is buckets
    assert records(made, "AWS::EC2::SecurityGroup") is groups
    assert not records(recorder(group, recording=False), "AWS::S3::Bucket")
    # what Describe shows can be put back and means the same
    assert recorder(group_of(made)) == made


@pytest.mark.parametrize(
    ("group", "users"),
    [
        (None, False),
        ({"allSupported": True}, False),
        ({"allSupported": True, "includeGlobalResourceTypes": True}, True),
        ({"resourceTypes": ["AWS::IAM::User"]}, True),
        ({"exclusionByResourceTypes": {"resourceTypes": ["AWS::S3::Bucket"]}}, True),
        ({"exclusionByResourceTypes": {"resourceTypes": ["AWS::IAM::User"]}}, False),
    ],
)
def test_iam_is_recorded_where_it_is_asked_for(group: Any, users: bool) -> None:
    strategy, types, include_global = resolve_group(group, (*BUILT, "AWS::IAM::User"))
    made = msgspec.structs.replace(
        recorder(None), strategy=strategy, types=types, include_global=include_global
    )
    assert records(made, "AWS::IAM::User") is users


@pytest.mark.parametrize(
    "group",
    [
        {},
        {"allSupported": False},
        {"allSupported": True, "resourceTypes": ["AWS::S3::Bucket"]},
        {"allSupported": True, "exclusionByResourceTypes": {"resourceTypes": ["AWS::S3::Bucket"]}},
        {"includeGlobalResourceTypes": True, "resourceTypes": ["AWS::S3::Bucket"]},
        {"recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}},
        {"allSupported": True, "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}},
        {"recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}},
        {"resourceTypes": ["AWS::EC2::Instance"]},
    ],
)
def test_contradictory_groups_are_refused(group: Any) -> None:
    with pytest.raises(ServiceError) as caught:
        resolve_group(group, BUILT)
    assert caught.value.code == "InvalidRecordingGroupException"


def test_a_type_that_is_not_built_is_named() -> None:
    with pytest.raises(ServiceError, match="AWS::EC2::Instance"):
        resolve_group({"resourceTypes": ["AWS::S3::Bucket", "AWS::EC2::Instance"]}, BUILT)


# --- touches ---------------------------------------------------------------------------------------------


def call(parameters: dict[str, Any] | None, response: dict[str, Any] | None = None) -> ApiCall:
    return ApiCall(
        service="ec2",
        operation="CreateTags",
        event_source="ec2.amazonaws.com",
        api_version="2016-11-15",
        request_id="r",
        identity=service_identity("123456789012", "x"),
        source_ip="",
        user_agent="",
        host="",
        read_only=False,
        status=200,
        parameters=parameters,
        response=response,
    )


@pytest.mark.parametrize(
    ("touch", "made", "ids"),
    [
        (Touch(parameters=("Bucket",)), call({"Bucket": "b"}), ("b",)),
        (Touch(parameters=("Bucket",)), call({}), ()),
        (Touch(parameters=("Bucket",)), call(None), ()),
        (Touch(parameters=("Bucket",)), call({"Bucket": None}), ()),
        (Touch(response=("Group.Id",)), call({}, {"Group": {"Id": "g"}}), ("g",)),
        (Touch(parameters=("Resources[]",), starts_with="sg-"), call({"Resources": ["sg-1", "i-1", "sg-1"]}), ("sg-1",)),
        (Touch(parameters=("Table",), pattern=r"(?:arn:.*:table/)?([a-z]+)"), call({"Table": "arn:aws:dynamodb:::table/a"}), ("a",)),
        (Touch(parameters=("Table",), pattern=r"(?:arn:.*:table/)?([a-z]+)"), call({"Table": "a"}), ("a",)),
        (Touch(parameters=("Table",), pattern=r"(?:arn:.*:table/)?([a-z]+)"), call({"Table": "arn:aws:dynamodb:::backup/a"}), ()),
        (Touch(parameters=("Id",), response=("Rules[].Id",)), call({"Id": "a"}, {"Rules": [{"Id": "b"}, {}]}), ("a", "b")),
    ],
)  # fmt: skip
def test_ids_are_found_where_the_touch_says(touch: Touch, made: ApiCall, ids: tuple[str, ...]) -> None:
    assert touched(touch, made) == ids
