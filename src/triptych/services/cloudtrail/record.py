"""An ApiCall fact as a CloudTrail record (eventVersion 1.11), member for member as AWS emits them.

Pure. Casing lives in ``casing``, ``casing_ec2`` and ``casing_s3``, names and regions in ``events``, callers in
``identity``, touched resources in ``resources``. Where the record goes is in ``tables`` and ``deliver``.
Source: AWS, "CloudTrail record contents", and 3,313 real records.
"""

from __future__ import annotations

from typing import Any

import msgspec
from botocore.model import OperationModel

from triptych.kernel.fact import ApiCall, Fact
from triptych.kernel.limits import AUDIT_VALUE_BYTES
from triptych.services.cloudtrail import casing_ec2, casing_s3, dates, events
from triptych.services.cloudtrail.casing import cased, request_style, response_style, unwrapped
from triptych.services.cloudtrail.identity import user_identity
from triptych.services.cloudtrail.resources import record_resources
from triptych.services.cloudtrail.sign_in import sign_in_call, sign_in_record
from triptych.wire.model import operation_model

EVENT_VERSION = "1.11"
_TEXT_BYTES = 1024
"""userAgent, errorCode, errorMessage and requestID are cut at 1 KB (CloudTrail record contents)."""

_ANSWER_ONLY_AN_ARN = frozenset({("secretsmanager", "CreateSecret"), ("secretsmanager", "PutSecretValue")})
"""They record the secret's ARN, in a spelling of their own, and nothing else."""


def api_call(fact: Fact) -> ApiCall:
    """The body of an ApiCall fact."""
    return msgspec.convert(fact.body, ApiCall)


def record(fact: Fact) -> dict[str, Any]:
    """The CloudTrail record of an ApiCall fact."""
    call = api_call(fact)
    if sign_in_call(call):
        return sign_in_record(fact, call, version=EVENT_VERSION)
    operation = operation_model(call.service, call.operation)
    request = _bounded(_request_parameters(call, operation))
    response = _bounded(_response_elements(call, operation))
    region = events.home_region(call.service, call.host, fact.region)
    data = events.is_data_event(call.service, call.operation)
    out: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": user_identity(call.identity),
        "eventTime": dates.seconds(fact.time),
        "eventSource": events.event_source(call.service, call.event_source),
        "eventName": events.event_name(call.service, call.operation, call.api_version),
        "awsRegion": region,
        "sourceIPAddress": call.source_ip or call.identity.invoked_by,
        "userAgent": _cut(call.user_agent or call.identity.invoked_by),
    }
    if call.error_code:
        out["errorCode"] = _cut(_error_code(call, operation))
        if call.error_message:
            out["errorMessage"] = _cut(call.error_message)
    out["requestParameters"] = request or None
    out["responseElements"] = response or None
    if additional := _additional_event_data(call):
        out["additionalEventData"] = additional
    out["requestID"] = _cut(call.request_id)
    out["eventID"] = fact.id
    out["readOnly"] = call.read_only
    if resources := record_resources(call, request or {}, response or {}, fact.account, region):
        out["resources"] = resources
    out["eventType"] = "AwsApiCall"
    if version := events.api_version(call.service, call.api_version):
        out["apiVersion"] = version
    out["managementEvent"] = not data
    out["recipientAccountId"] = fact.account
    out["eventCategory"] = "Data" if data else "Management"
    if tls := _tls_details(call):
        out["tlsDetails"] = tls
    if call.from_console:
        out["sessionCredentialFromConsole"] = "true"
    return out


def _request_parameters(call: ApiCall, operation: OperationModel) -> dict[str, Any]:
    parameters = call.parameters or {}
    if call.service == "ec2":
        return casing_ec2.request(operation, parameters)
    if call.service == "s3":
        return casing_s3.request(operation, parameters, call.host)
    if not parameters:
        return {"Host": call.host} if call.service == "s3control" and call.host else {}
    protocol = str(operation.service_model.metadata.get("protocol"))
    value = cased(parameters, operation.input_shape, request_style(call.service, protocol))
    out: dict[str, Any] = value if isinstance(value, dict) else {}
    if call.service == "s3control":
        out.pop("accountId", None)  # it is in the host name
        out["Host"] = call.host
    return out


def _response_elements(call: ApiCall, operation: OperationModel) -> dict[str, Any]:
    """Nothing for reads, refusals and replies without content."""
    if call.error_code or call.response is None:
        return {}
    if call.service == "ec2":
        return {} if call.read_only else casing_ec2.response(operation, call.response, call.request_id)
    if call.service == "s3":
        return casing_s3.response(operation, call.response)
    if (call.service, call.operation) in _ANSWER_ONLY_AN_ARN and "ARN" in call.response:
        return {"arn": call.response["ARN"]}
    shape = operation.output_shape
    if shape is None:
        return {}
    protocol = str(operation.service_model.metadata.get("protocol"))
    resource, reply = unwrapped(call.service, shape, call.response)
    value = cased(reply, resource, response_style(call.service, protocol))
    return value if isinstance(value, dict) else {}


def _error_code(call: ApiCall, operation: OperationModel) -> str:
    """EC2 says whose fault it was; modelled exceptions go by their class; a refusal is ``AccessDenied``."""
    code = call.error_code
    if call.service == "ec2":
        side = "Server" if call.status >= 500 else "Client"
        return code if code.startswith(("Client.", "Server.")) else f"{side}.{code}"
    if code == "AccessDeniedException":
        return "AccessDenied"
    if call.service == "s3":
        return code
    for shape in (*operation.error_shapes, *operation.service_model.error_shapes):
        if shape.metadata.get("error", {}).get("code") == code:
            return str(shape.name)
    return code


def _additional_event_data(call: ApiCall) -> dict[str, Any]:
    """What S3 adds: how the request was signed and how many bytes went each way."""
    if call.service not in ("s3", "s3control"):
        return {}
    out: dict[str, Any] = {}
    if call.auth_method:
        out["SignatureVersion"] = call.signature_version
    if call.cipher_suite:
        out["CipherSuite"] = call.cipher_suite
    out["bytesTransferredIn"] = call.bytes_in
    if call.auth_method:
        out["AuthenticationMethod"] = call.auth_method
    out["bytesTransferredOut"] = call.bytes_out
    return out


def _tls_details(call: ApiCall) -> dict[str, str]:
    """How the client connected; not there for calls an AWS service made. Over plain HTTP only the host is known."""
    if call.identity.kind == "AWSService" or call.identity.invoked_by:
        return {}
    members = {
        "tlsVersion": call.tls_version,
        "cipherSuite": call.cipher_suite,
        "clientProvidedHostHeader": call.host,
    }
    return {name: value for name, value in members.items() if value}


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    """Left out when larger than AWS records (100 KB)."""
    if len(msgspec.json.encode(value)) > AUDIT_VALUE_BYTES:
        return {}
    return value


def _cut(text: str) -> str:
    raw = text.encode()
    return text if len(raw) <= _TEXT_BYTES else raw[:_TEXT_BYTES].decode(errors="ignore")
