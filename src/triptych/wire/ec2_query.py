"""EC2's variant of Query: capitalised names, every list flat, the answer's members straight under the root.

Source: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel, Shape

from triptych.kernel.errors import ServiceError
from triptych.wire.aws_query import Style, decode_form, error_members, reply
from triptych.wire.faults import Fault
from triptych.wire.message import HttpReply, HttpRequest
from triptych.wire.xml_shapes import DECLARATION, namespace_attribute, text_element, write_members

__all__ = ["decode_request", "encode_error", "encode_reply"]


def _ec2_name(shape: Shape, member: str) -> str:
    traits = shape.serialization
    if "queryName" in traits:
        return str(traits["queryName"])
    name = str(traits.get("name", member))
    return name[:1].upper() + name[1:] if "name" in traits else name


EC2 = Style(_ec2_name, flat_lists=True, malformed=lambda text: ServiceError("InvalidParameterValue", text))


def decode_request(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    return decode_form(operation, request, EC2)


def encode_reply(operation: OperationModel, output: Mapping[str, Any], *, request_id: str) -> HttpReply:
    xmlns = namespace_attribute(operation.metadata.get("xmlNamespace"))
    parts = [DECLARATION, f"<{operation.name}Response{xmlns}>", text_element("requestId", request_id)]
    if operation.output_shape is not None:
        write_members(parts, operation.output_shape, output)
    parts.append(f"</{operation.name}Response>")
    return reply(200, request_id, parts)


def encode_error(fault: Fault, *, request_id: str) -> HttpReply:
    parts = [DECLARATION, "<Response><Errors><Error>", text_element("Code", fault.code)]
    parts.append(text_element("Message", fault.message))
    error_members(parts, fault)
    parts.append(f"</Error></Errors>{text_element('RequestID', request_id)}</Response>")
    return reply(fault.status, request_id, parts)
