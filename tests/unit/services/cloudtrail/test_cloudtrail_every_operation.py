"""Nothing a client can send stops the audit trail: every operation of many services, with everything it can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from triptych.edge.mask import masked
from triptych.edge.read_only import read_only
from triptych.kernel.context import Identity
from triptych.kernel.fact import ApiCall, Fact
from triptych.lake.rows import to_arrow
from triptych.services.cloudtrail.tables import EVENTS, row
from triptych.wire.model import event_source, service_model

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECRET = "a-secret-nobody-may-see"
SERVICES = (
    "s3", "s3control", "iam", "sts", "kms", "lambda", "dynamodb", "sqs", "sns", "ssm", "secretsmanager", "rds", "redshift",
    "cloudfront", "route53", "cloudwatch", "logs", "cloudtrail", "config", "events", "cognito-idp", "ce", "rolesanywhere",
)  # fmt: skip


def full(shape: Shape, depth: int = 0, *, secret: bool = False) -> Any:
    """A value with every member, two of every list item, and SECRET in every sensitive text."""
    secret = secret or bool(shape.metadata.get("sensitive"))
    if isinstance(shape, StructureShape):
        if depth > 5:
            return {}
        return {name: full(member, depth + 1, secret=secret) for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [] if depth > 5 else [full(shape.member, depth + 1, secret=secret) for _ in range(2)]
    if isinstance(shape, MapShape):
        return {} if depth > 5 else {"key": full(shape.value, depth + 1, secret=secret)}
    if shape.type_name in ("integer", "long"):
        return 1
    if shape.type_name in ("float", "double"):
        return 1.5
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return NOW
    if shape.type_name == "blob":
        return SECRET.encode()
    return SECRET if secret else "text"


def as_row(service: str, operation: str, parameters: Any, response: Any) -> dict[str, Any]:
    call = ApiCall(
        service=service, operation=operation, event_source=event_source(service),
        api_version=service_model(service).api_version, request_id="r", identity=Identity(kind="Root", account="1"),
        source_ip="", user_agent="", host="h", read_only=read_only(service, operation), status=200,
        parameters=parameters, response=response,
    )  # fmt: skip
    return row(
        Fact(
            id="e",
            kind="ApiCall",
            account="1",
            region="r",
            time=NOW,
            subject="",
            body=msgspec.to_builtins(call),
            seq=1,
        )
    )


@pytest.mark.parametrize("service", [*SERVICES, "ec2"])
def test_every_operation_can_be_recorded(service: str) -> None:
    model = service_model(service)
    rows = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        given = [
            None if shape is None else masked(full(shape), shape)
            for shape in (operation.input_shape, operation.output_shape)
        ]
        full_row = as_row(service, name, *given)
        assert SECRET not in full_row["record"], name
        rows += [full_row, as_row(service, name, None, None), as_row(service, name, {}, {})]
    assert to_arrow(EVENTS, rows).num_rows == 3 * len(model.operation_names)
