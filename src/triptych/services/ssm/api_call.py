"""An AWS call as a document writes it: names found without case, values fitted to the service's model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from botocore.exceptions import UnknownServiceError

from triptych.services.ssm import template
from triptych.services.ssm.action import Call, InvalidInputs
from triptych.wire.model import OperationModel, service_model, service_names

__all__ = ["check", "find", "fit", "make"]

_ALIASES = {
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "databasemigrationservice": "dms",
    "databasemigration": "dms",
    "ec2containerservice": "ecs",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticmapreduce": "emr",
    "elasticsearch": "es",
    "elasticsearchservice": "es",
    "email": "ses",
    "eventbridge": "events",
    "monitoring": "cloudwatch",
    "simplesystemsmanagement": "ssm",
    "states": "stepfunctions",
    "sfn": "stepfunctions",
    "systemsmanager": "ssm",
}
"""Names AWS's SDKs and endpoints have for services, folded, where botocore's differs by more than case."""


def check(inputs: Mapping[str, Any]) -> None:
    """Service, Api and that operation's parameters, references allowed everywhere; raises InvalidInputs."""
    for name in ("Service", "Api"):
        if not isinstance(inputs.get(name), str) or not inputs[name]:
            raise InvalidInputs(f"input {name} is required")
    if not (template.is_open(inputs["Service"]) or template.is_open(inputs["Api"])):
        _fitted(inputs)


async def make(inputs: Mapping[str, Any], call: Call) -> Any:
    """Make the call the inputs describe; the reply as JSON-safe values."""
    service, operation, params = _fitted(inputs)
    return json_safe(await call(service, operation, params))


def _fitted(inputs: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    service, operation = find(inputs["Service"], inputs["Api"])
    params = {name: value for name, value in inputs.items() if name not in ("Service", "Api")}
    return service, operation.name, fit(operation, params)


def find(service: str, api: str) -> tuple[str, OperationModel]:
    """Botocore's service name and the operation; raises InvalidInputs for names nobody has."""
    name = _services().get(_fold(service)) or _ALIASES.get(_fold(service))
    if name is None:
        raise InvalidInputs(f"Service {service!r} is not a service AWS has")
    try:
        model = service_model(name)
    except UnknownServiceError as error:
        raise InvalidInputs(f"Service {service!r} is not a service AWS has") from error
    operation = _operations(name).get(_fold(api))
    if operation is None:
        raise InvalidInputs(f"Api {api!r} is not an operation of {name}")
    return name, model.operation_model(operation)


def fit(operation: OperationModel, params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with the types the operation wants; raises InvalidInputs with the path of the mistake.

    Documents carry text where the model has numbers, booleans, times or bytes, and numbers where it has text
    (an account id in YAML). Values that still hold references pass unchanged. Constraints beyond types are the
    gateway's to check.
    """
    shape = operation.input_shape
    if shape is None:
        if params:
            raise InvalidInputs(f"{operation.name} takes no parameters")
        return {}
    fitted: dict[str, Any] = _structure(dict(params), shape, "")
    if missing := [name for name in shape.required_members if fitted.get(name) is None]:
        raise InvalidInputs(f"{operation.name} needs the parameter {', '.join(missing)}")
    return fitted


def json_safe(value: Any) -> Any:
    """A reply as plain JSON values: times as ISO-8601 text, bytes as base64."""
    return msgspec.to_builtins(value, enc_hook=lambda thing: f"<{type(thing).__name__}>")


def _fold(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


@cache
def _services() -> dict[str, str]:
    return {_fold(name): name for name in service_names()}


@cache
def _operations(service: str) -> dict[str, str]:
    return {_fold(name): name for name in service_model(service).operation_names}


def _structure(value: Any, shape: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInputs(f"{path or 'the inputs'} must be a map")
    if shape.metadata.get("document") or getattr(shape, "is_document_type", False):
        return value
    fitted = {}
    for name, item in value.items():
        if item is None:
            continue
        if name not in shape.members:
            known = ", ".join(sorted(shape.members)) or "nothing"
            raise InvalidInputs(f"{_below(path, name)} is unknown; {shape.name} takes {known}")
        fitted[name] = _value(item, shape.members[name], _below(path, name))
    return fitted


def _value(value: Any, shape: Any, path: str) -> Any:
    if isinstance(value, str) and template.is_open(value):
        return value
    kind = shape.type_name
    if kind == "structure":
        return _structure(value, shape, path)
    if kind == "list":
        # One value where a list is due: AWS takes a string for a list of one.
        items = value if isinstance(value, list) else [value]
        return [_value(item, shape.member, f"{path}[{i}]") for i, item in enumerate(items)]
    if kind == "map":
        if not isinstance(value, dict):
            raise InvalidInputs(f"{path} must be a map")
        return {key: _value(item, shape.value, _below(path, key)) for key, item in value.items()}
    try:
        return _SCALARS[kind](value)
    except (ValueError, OverflowError) as error:
        raise InvalidInputs(f"{path} must be a {kind}, not {template.text_of(value)[:100]}") from error


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _string(value: Any) -> str:
    return template.text_of(value)  # policies are written as maps and sent as JSON


def _integer(value: Any) -> int:
    if isinstance(value, bool | dict | list) or (isinstance(value, float) and value != int(value)):
        raise ValueError(value)
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, bool | dict | list) or math.isnan(number := float(value)):
        raise ValueError(value)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(value)


def _timestamp(value: Any) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    if not isinstance(value, str):
        raise ValueError(value)
    time = datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _blob(value: Any) -> bytes:
    return template.text_of(value).encode()


_SCALARS = {
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
