"""Event selectors: what they want and what they may say."""

from __future__ import annotations

from typing import Any

import pytest

from triptych.kernel.errors import ServiceError
from triptych.services.cloudtrail.selector_rules import check_advanced, check_basic
from triptych.services.cloudtrail.selectors import wanted


def management(
    name: str = "CreateBucket", *, source: str = "s3.amazonaws.com", reads: bool = False
) -> dict[str, Any]:
    return {
        "eventSource": source, "eventName": name, "readOnly": reads, "managementEvent": True,
        "eventCategory": "Management", "eventType": "AwsApiCall", "userIdentity": {"arn": "arn:aws:iam::1:user/u"},
    }  # fmt: skip


def data(
    arn: str = "arn:aws:s3:::b/logs/k", *, reads: bool = False, name: str = "PutObject"
) -> dict[str, Any]:
    bucket = arn.partition("/")[0]
    return management(name, reads=reads) | {
        "managementEvent": False,
        "eventCategory": "Data",
        "resources": [{"type": "AWS::S3::Object", "ARN": arn}, {"type": "AWS::S3::Bucket", "ARN": bucket}],
    }


def basic(record: dict[str, Any], **selector: Any) -> bool:
    return wanted(record, basic=[selector] if selector else [], advanced=[])


def test_no_selectors_want_every_management_event_and_no_data_event() -> None:
    assert basic(management()) and basic(management(reads=True))
    assert not basic(data())


def test_basic_selectors() -> None:
    reads = management("GetBucketAcl", reads=True)
    assert basic(reads, ReadWriteType="ReadOnly") and not basic(management(), ReadWriteType="ReadOnly")
    assert basic(management(), ReadWriteType="WriteOnly") and not basic(reads, ReadWriteType="WriteOnly")
    assert not basic(management(), IncludeManagementEvents=False)
    kms = management("Encrypt", source="kms.amazonaws.com")
    assert basic(kms) and not basic(kms, ExcludeManagementEventSources=["kms.amazonaws.com"])
    assert basic(management(), ExcludeManagementEventSources=["kms.amazonaws.com"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("arn:aws:s3", True), ("arn:aws:s3:::", True), ("arn:aws:s3:::b/", True), ("arn:aws:s3:::b/logs", True),
        ("arn:aws:s3:::b/other", False), ("arn:aws:s3:::c/", False),
    ],
)  # fmt: skip
def test_basic_data_resources_are_prefixes(value: str, expected: bool) -> None:
    resources = [{"Type": "AWS::S3::Object", "Values": [value]}]
    assert basic(data(), DataResources=resources) is expected
    assert not basic(data(reads=True), DataResources=resources, ReadWriteType="WriteOnly")
    assert not basic(data(), DataResources=[{"Type": "AWS::Lambda::Function", "Values": [value]}])
    assert not basic(data(), DataResources=[{"Type": "AWS::S3::Object", "Values": []}])


def test_calls_on_a_bucket_of_the_data_plane_are_its_objects_business() -> None:
    head = data() | {"resources": [{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"}]}
    listing = data() | {
        "resources": [
            {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/logs"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"},
        ]
    }
    for record in (head, listing):
        assert basic(record, DataResources=[{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"]}])
        assert not basic(record, DataResources=[{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::bb/"]}])


def test_any_basic_selector_is_enough() -> None:
    selectors = [{"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}]
    assert wanted(management(), basic=selectors, advanced=[])


def advanced(record: dict[str, Any], *fields: dict[str, Any]) -> bool:
    return wanted(record, basic=[], advanced=[{"FieldSelectors": list(fields)}])


IS_DATA = {"Field": "eventCategory", "Equals": ["Data"]}
IS_OBJECT = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}


def test_fields_of_a_selector_must_all_hold() -> None:
    assert advanced(data(), IS_DATA, IS_OBJECT, {"Field": "readOnly", "Equals": ["false"]})
    assert not advanced(data(), IS_DATA, IS_OBJECT, {"Field": "readOnly", "Equals": ["true"]})
    assert not advanced(management(), IS_DATA, IS_OBJECT)
    assert not advanced(data(), IS_DATA, {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]})


def test_within_a_field_selecting_is_any_and_deselecting_is_none() -> None:
    def names(**field: list[str]) -> bool:
        return advanced(data(name="DeleteObject"), IS_DATA, IS_OBJECT, {"Field": "eventName", **field})

    assert names(Equals=["PutObject", "DeleteObject"])
    assert names(Equals=["PutObject"], StartsWith=["Delete"])
    assert names(EndsWith=["Object"])
    assert not names(Equals=["PutObject"], StartsWith=["Get"])
    assert not names(StartsWith=["Delete"], NotEndsWith=["Object"])
    assert not names(NotEquals=["GetObject", "DeleteObject"])
    assert names(NotEquals=["GetObject"], NotStartsWith=["Put"])
    assert not names(Equals=["Delete*"])


def test_arns_and_callers() -> None:
    arn = {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::b/logs/"]}
    assert advanced(data(), IS_DATA, IS_OBJECT, arn)
    assert not advanced(data("arn:aws:s3:::b/other"), IS_DATA, IS_OBJECT, arn)
    not_logs = {"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::b/logs/"]}
    assert not advanced(data(), IS_DATA, IS_OBJECT, not_logs)
    assert advanced(data(), IS_DATA, IS_OBJECT, {"Field": "userIdentity.arn", "EndsWith": ["user/u"]})


def test_any_advanced_selector_is_enough_and_nothing_is_implied() -> None:
    both = [
        {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {"FieldSelectors": [IS_DATA, IS_OBJECT]},
    ]
    assert wanted(management(), basic=[], advanced=both) and wanted(data(), basic=[], advanced=both)
    assert not wanted(management(), basic=[], advanced=both[1:])


@pytest.mark.parametrize(
    "selectors",
    [
        [],
        [{}] * 6,
        [{"ReadWriteType": "Sometimes"}],
        [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}],
        [{"DataResources": [{"Type": "AWS::SNS::Topic", "Values": ["arn:aws:sns"]}]}],
        [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["b/prefix"]}]}],
        [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"] * 251}]}],
    ],
)  # fmt: skip
def test_basic_selectors_aws_refuses(selectors: list[dict[str, Any]]) -> None:
    with pytest.raises(ServiceError) as refused:
        check_basic(selectors)
    assert refused.value.code == "InvalidEventSelectorsException"


def test_basic_selectors_aws_takes() -> None:
    check_basic([{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"] * 250}]}])
    check_basic([{"ReadWriteType": "All", "ExcludeManagementEventSources": ["rdsdata.amazonaws.com"]}] * 5)


MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [IS_DATA],
        [IS_OBJECT],
        [IS_DATA, IS_DATA, IS_OBJECT],
        [{"Field": "eventCategory", "Equals": ["Data", "Management"]}, IS_OBJECT],
        [{"Field": "eventCategory", "Equals": ["NetworkActivity"]}],
        [IS_DATA, {"Field": "resources.type", "Equals": ["AWS::S3::Object", "AWS::Lambda::Function"]}],
        [IS_DATA, {"Field": "resources.type", "StartsWith": ["AWS::S3"]}],
        [IS_DATA, IS_OBJECT, {"Field": "eventName"}],
        [IS_DATA, IS_OBJECT, {"Field": "errorCode", "Equals": ["x"]}],
        [MANAGEMENT, {"Field": "eventName", "Equals": ["CreateBucket"]}],
        [MANAGEMENT, {"Field": "eventSource", "Equals": ["kms.amazonaws.com"]}],
        [MANAGEMENT, {"Field": "eventSource", "NotEquals": ["s3.amazonaws.com"]}],
        [MANAGEMENT, {"Field": "readOnly", "Equals": ["maybe"]}],
        [MANAGEMENT, {"Field": "readOnly", "NotEquals": ["true"]}],
        [IS_DATA, IS_OBJECT, {"Field": "eventName", "Equals": ["x"] * 499}],
    ],
)  # fmt: skip
def test_advanced_selectors_aws_refuses(fields: list[dict[str, Any]]) -> None:
    with pytest.raises(ServiceError) as refused:
        check_advanced([{"FieldSelectors": fields}])
    assert refused.value.code == "InvalidEventSelectorsException"


def test_advanced_selectors_aws_takes() -> None:
    check_advanced(
        [
            {"Name": "all but kms", "FieldSelectors": [MANAGEMENT, {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}]},
            {"FieldSelectors": [IS_DATA, IS_OBJECT, {"Field": "eventName", "Equals": ["x"] * 490}]},
        ]
    )  # fmt: skip
