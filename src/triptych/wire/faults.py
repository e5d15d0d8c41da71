"""A ServiceError matched with the model: which exception it is, its wire names, status, blame and members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationModel, ServiceModel, StructureShape

from triptych.kernel.errors import ServiceError

__all__ = ["Fault", "fault_of"]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error ready to be written.

    :param name: the exception's shape name (``InvalidParameterValueException``), or the bare code.
    :param code: what Query and XML protocols put into ``<Code>`` (``InvalidParameterValue``).
    :param sender: whether the caller is to blame (AWS: Sender, else Receiver).
    :param shape: the modelled exception, None for codes the model does not know (``AccessDenied``).
    :param members: the shape's members without the message; ``loose`` are fields no shape knows.
    """

    name: str
    code: str
    message: str
    status: int
    sender: bool
    shape: StructureShape | None
    members: Mapping[str, Any]
    loose: Mapping[str, Any]

    @property
    def message_member(self) -> str:
        """The exception's own spelling of ``message``; AWS sends it even where the shape forgot it."""
        names = self.shape.members if self.shape else {}
        return next((name for name in names if name.lower() == "message"), "message")

    @property
    def blame(self) -> str:
        return "Sender" if self.sender else "Receiver"

    @property
    def query_error(self) -> str:
        """The value of ``x-amzn-query-error`` for clients of a service that once spoke Query."""
        return f"{self.code};{self.blame}"


def _exception(service: ServiceModel, operation: OperationModel | None, code: str) -> StructureShape | None:
    # The operation's own exceptions first: a service may have two shapes with one wire code.
    declared = operation.error_shapes if operation is not None else []
    for group in (declared, service.error_shapes):
        shapes = [shape for shape in group if isinstance(shape, StructureShape)]
        for shape in shapes:
            if code == shape.name:
                return shape
        for shape in shapes:
            if code == shape.error_code:
                return shape
    return None


def fault_of(service: ServiceModel, operation: OperationModel | None, error: ServiceError) -> Fault:
    """``error.code`` may be the exception's shape name or its wire code; the model's status wins."""
    shape = _exception(service, operation, error.code)
    trait: Mapping[str, Any] = shape.metadata.get("error", {}) if shape else {}
    status = int(trait.get("httpStatusCode", error.status))
    known = {} if shape is None else shape.members
    fields = {name: value for name, value in error.fields.items() if name.lower() != "message"}
    return Fault(
        name=shape.name if shape else error.code,
        code=(shape.error_code or shape.name) if shape else error.code,
        message=error.message,
        status=status,
        sender=bool(trait.get("senderFault", status < 500)),
        shape=shape,
        members={name: value for name, value in fields.items() if name in known},
        loose={name: value for name, value in fields.items() if name not in known and value is not None},
    )
