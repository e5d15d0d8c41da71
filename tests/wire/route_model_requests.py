"""Minimal valid requests for any operation of any model, built by botocore's own serializers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.model import OperationModel, Shape
from botocore.serialize import create_serializer

from triptych.wire.message import Headers, HttpRequest

_DEPTH = 6


def filled(shape: Shape, depth: int = 0) -> Any:
    """A value with the required members and nothing else."""
    kind = shape.type_name
    if kind == "structure":
        if depth > _DEPTH or getattr(shape, "is_document_type", False):
            return {}
        wanted = [n for n in shape.required_members if not shape.members[n].serialization.get("eventstream")]
        return {name: filled(shape.members[name], depth + 1) for name in wanted}
    if kind == "list":
        return [filled(shape.member, depth + 1)] if depth <= _DEPTH else []
    if kind == "map":
        return {filled(shape.key, depth + 1): filled(shape.value, depth + 1)} if depth <= _DEPTH else {}
    if kind == "string":
        if getattr(shape, "enum", None):
            return shape.enum[0]
        return "x" * min(max(int(shape.metadata.get("min", 1)), 1), 64)
    values: dict[str, Any] = {
        "boolean": True,
        "blob": b"x",
        "timestamp": datetime(2026, 1, 31, tzinfo=UTC),
        "float": 1.0,
        "double": 1.0,
    }
    return values.get(kind, int(shape.metadata.get("min", 1)) if kind in {"integer", "long"} else "x")


def built(model: OperationModel, protocol: str, *, signing_name: str) -> HttpRequest:
    """A request in one of the service's protocols with the right credential scope (its signature is no real one)."""
    shape = model.input_shape
    params = filled(shape) if shape is not None else {}
    wanted = create_serializer(protocol, False).serialize_to_request(params, model)
    prepare_request_dict(wanted, "http://localhost:4566", context={})
    prepared = create_request_object(wanted).prepare()
    parts = urlsplit(prepared.url)
    scope = f"test/20260131/us-east-1/{signing_name}/aws4_request"
    return HttpRequest(
        prepared.method,
        parts.path,
        parts.query,
        Headers(
            [
                *((name, _text(value)) for name, value in prepared.headers.items()),
                ("host", parts.netloc),
                (
                    "authorization",
                    f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}",
                ),
            ]
        ),
        prepared.body.encode() if isinstance(prepared.body, str) else (prepared.body or b""),
    )


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
