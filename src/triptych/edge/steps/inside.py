"""Callers in process: no bytes, no signature; the same answer and the same record."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.kernel import limits
from triptych.kernel.context import Context
from triptych.kernel.errors import ServiceError
from triptych.wire import codec
from triptych.wire.message import HttpRequest
from triptych.wire.model import operation_model, service_model
from triptych.wire.route import Route
from triptych.wire.validate import validate


def enter(desk: Desk, context: Context, service: str, operation: str, params: dict[str, Any]) -> Exchange:
    """An exchange that stands where a request off the wire stands after ``decode``."""
    request_id, event_id = desk.ids.uuid(), desk.ids.uuid()
    model = service_model(service)
    chosen = Route(
        service=service,
        operation=operation,
        protocol=model.resolved_protocol,
        json_version=_json_version(model.metadata),
    )
    x = Exchange(
        request=HttpRequest("POST", "/"),
        incoming=None,
        received=context.time,
        started=desk.clock.monotonic(),
        request_id=request_id,
        event_id=event_id,
        source_ip=context.source_ip,
    )
    x.route = chosen
    x.context = msgspec.structs.replace(context, request_id=request_id, event_id=event_id)
    x.params = dict(params)  # an operation may take out of its own what it is done with
    try:
        if context.cause is not None and context.cause.depth > limits.CAUSE_DEPTH:
            raise ServiceError(
                "LimitExceededException",
                f"{service}:{operation} is the {context.cause.depth}th consequence of {context.cause.origin}; the chain ends here.",
            )
        if desk.owns(chosen):
            validate(operation_model(service, operation), params)
        else:
            x.addressed = codec.encode_request(chosen.protocol, operation_model(service, operation), params)
    except ServiceError as error:
        x.error = error
    return x


def leave(x: Exchange) -> dict[str, Any]:
    """The output for the caller, or its error."""
    if x.error is not None:
        raise x.error
    return x.output or {}


def _json_version(metadata: dict[str, Any]) -> str:
    return str(metadata.get("jsonVersion", "1.1"))
