"""What may stand in a fact."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from triptych.edge.mask import masked
from triptych.kernel.fact import HIDDEN
from triptych.wire.model import operation_model, service_model, service_names


def parameters(service: str, operation: str, value: dict) -> dict:
    return masked(value, operation_model(service, operation).input_shape)


def test_sensitive_members_are_hidden_wherever_they_are() -> None:
    assert parameters("ssm", "PutParameter", {"Name": "n", "Value": "secret"}) == {
        "Name": "n",
        "Value": HIDDEN,
    }
    created = masked(
        {"AccessKey": {"UserName": "u", "AccessKeyId": "AKIA", "SecretAccessKey": "s", "Status": "Active"}},
        operation_model("iam", "CreateAccessKey").output_shape,
    )
    assert created["AccessKey"]["SecretAccessKey"] == HIDDEN
    assert created["AccessKey"]["AccessKeyId"] == "AKIA"


def test_blobs_streams_and_unknown_members_are_left_out() -> None:
    assert parameters("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": b"x", "Surprise": 1}) == {
        "Bucket": "b",
        "Key": "k",
    }
    assert parameters(
        "lambda", "CreateFunction", {"FunctionName": "f", "Code": {"ZipFile": b"x", "S3Key": "k"}}
    )["Code"] == {"S3Key": "k"}


def test_timestamps_become_text() -> None:
    value = {"StartTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}
    assert parameters("cloudtrail", "LookupEvents", value) == {"StartTime": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize(
    "service", ["kms", "secretsmanager", "iam", "sts", "ssm", "rds", "lambda", "cognito-idp"]
)
def test_no_sensitive_string_of_the_model_survives(service: str) -> None:
    """Every operation's input and output, filled to the brim, is searched for what must not be there."""
    for name in service_model(service).operation_names:
        operation = operation_model(service, name)
        for shape in (operation.input_shape, operation.output_shape):
            if shape is not None:
                assert "LEAK" not in str(masked(filled(shape, ()), shape)), f"{service}:{name}"


def filled(shape, above):
    if shape.name in above:
        return {} if shape.type_name in ("structure", "map") else []
    above = (*above, shape.name)
    if shape.type_name == "structure":
        return {n: filled(m, above) for n, m in shape.members.items()}
    if shape.type_name == "list":
        return [filled(shape.member, above)]
    if shape.type_name == "map":
        return {"k": filled(shape.value, above)}
    if shape.type_name == "blob":
        return b"LEAK"
    if shape.type_name == "string":
        return "LEAK" if shape.metadata.get("sensitive") else "fine"
    return datetime(2026, 1, 1, tzinfo=UTC) if shape.type_name == "timestamp" else 1


def test_service_names_are_found() -> None:
    assert len(service_names()) > 300
