"""One request on its way through the steps: what is known of it so far."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from triptych.control.store import Unit
from triptych.edge.body import Incoming
from triptych.estate.identities import Resolved
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.model import OperationModel, ServiceModel, operation_model, service_model
from triptych.wire.route import Route
from triptych.wire.signature import Signature


@dataclass(slots=True)
class Reply:
    """What goes back to the client; a streamed body is sent as it arrives."""

    status: int
    headers: Headers
    body: bytes | AsyncIterator[bytes] = b""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Filled in by one step after the other; a step reads what earlier steps wrote.

    :param request: head, and the whole body once it is read.
    :param incoming: the body still to come; None for callers in process.
    :param addressed: the request as the codecs want it: path-style, unframed, what ``request`` is otherwise.
    :param payload: a streamed body, verified and unframed, on its way to the estate.
    """

    request: HttpRequest
    incoming: Incoming | None
    received: datetime
    started: float
    request_id: str
    event_id: str
    source_ip: str
    tls_version: str = ""
    cipher_suite: str = ""

    addressed: HttpRequest | None = None
    route: Route | None = None
    signature: Signature | None = None
    resolved: Resolved | None = None
    context: Context | None = None
    from_console: bool = False
    """Whether a console session stands for the caller instead of a signature."""
    params: dict[str, Any] | None = None
    payload: AsyncIterator[bytes] | None = None
    payload_bytes: int = 0
    """Length of a streamed payload, 0 when the body was read whole."""
    trailers: dict[str, str] = field(default_factory=dict)

    unit: Unit | None = None
    """Staged writes of the operation; the audit step adds the fact and commits."""
    output: dict[str, Any] | None = None
    error: ServiceError | None = None
    reply: Reply | None = None
    """The estate's own reply, passed on as it is."""
    bytes_out: int = 0

    @property
    def service(self) -> ServiceModel:
        assert self.route is not None
        return service_model(self.route.service)

    @property
    def operation(self) -> OperationModel:
        assert self.route is not None
        return operation_model(self.route.service, self.route.operation)

    @property
    def circumstances(self) -> Context:
        assert self.context is not None
        return self.context

    @property
    def identity(self) -> Identity:
        return self.circumstances.identity
