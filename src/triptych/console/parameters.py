"""A request's parameters as an endpoint declared them; what does not fit is said with its name."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from triptych.kernel.errors import ServiceError
from triptych.wire.message import HttpRequest

__all__ = ["REGION", "parameters"]

REGION = "region"
"""In a query it is the context's, for requests that cannot have headers (EventSource)."""


def parameters(request: HttpRequest, takes: type[msgspec.Struct]) -> dict[str, Any]:
    """The validated parameters by their names on the wire, defaults filled in. Raises ServiceError."""
    try:
        if request.method == "POST":
            value = msgspec.convert(_body(request), takes)
        else:
            value = msgspec.convert(_query(request, takes), takes, strict=False)
    except msgspec.ValidationError as error:
        raise ServiceError("ValidationException", str(error)) from error
    found: dict[str, Any] = msgspec.to_builtins(value)
    return found


def _body(request: HttpRequest) -> Any:
    kind = request.headers.get("content-type").partition(";")[0].strip().lower()
    if kind != "application/json":  # what a form can send is refused: it may come from anywhere
        raise ServiceError("ValidationException", "The content-type must be application/json.", status=415)
    try:
        return msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ServiceError("SerializationException", "The body is not JSON.") from error


def _query(request: HttpRequest, takes: type[msgspec.Struct]) -> dict[str, Any]:
    lists = {field.encode_name for field in msgspec.structs.fields(takes) if _is_list(field.type)}
    found: dict[str, Any] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name == REGION:
            continue
        if name in lists:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise ServiceError("ValidationException", f"The parameter {name!r} is given twice.")
        else:
            found[name] = value
    return found


def _is_list(kind: Any) -> bool:
    described = msgspec.inspect.type_info(kind)
    return isinstance(described, msgspec.inspect.ListType | msgspec.inspect.VarTupleType)
