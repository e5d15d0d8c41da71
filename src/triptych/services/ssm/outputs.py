"""A step's declared outputs, taken from its payload. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from triptych.kernel import limits
from triptych.services.ssm import selector, template
from triptych.services.ssm.schema import OUTPUT_PAYLOAD, Output, OutputType

__all__ = ["InvalidOutput", "extract"]


class InvalidOutput(ValueError):  # noqa: N818
    """The payload has no such output, or of another type."""


def extract(
    declared: Sequence[Output], payload: Any, resolve: template.Resolve
) -> tuple[dict[str, Any], str]:
    """Typed outputs by name with the whole payload among them, and a warning (or nothing).

    A payload too large to keep is left out, with a warning; declared outputs that are too large are an error.
    """
    outputs = {output.name: _one(output, payload, resolve) for output in declared}
    if _size(outputs) > limits.AUTOMATION_OUTPUT_BYTES:
        raise InvalidOutput(f"The outputs are larger than {limits.AUTOMATION_OUTPUT_BYTES} bytes.")
    if _size(payload) + _size(outputs) > limits.AUTOMATION_OUTPUT_BYTES:
        return (
            outputs,
            f"{OUTPUT_PAYLOAD} is larger than {limits.AUTOMATION_OUTPUT_BYTES} bytes and was not kept.",
        )
    return {OUTPUT_PAYLOAD: payload, **outputs}, ""


def _one(output: Output, payload: Any, resolve: template.Resolve) -> Any:
    path = template.text_of(template.substitute(output.selector, resolve))
    try:
        value = selector.select(selector.parse(path), payload)
    except selector.InvalidSelector as error:
        raise InvalidOutput(f"Output {output.name}: {error}.") from error
    except selector.Missing as error:
        raise InvalidOutput(f"Output {output.name}: the reply has nothing at {path}.") from error
    try:
        return _CONVERT[output.type](value)
    except ValueError as error:
        shown = template.text_of(value)[:100]
        raise InvalidOutput(f"Output {output.name}: {shown} is not of type {output.type}.") from error


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))


def _string(value: Any) -> str:
    if value is None:
        raise ValueError(value)
    return template.text_of(value)


def _strings(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(value)
    return [_string(item) for item in value]


def _integer(value: Any) -> int:
    if isinstance(value, bool | dict | list) or value is None or (isinstance(value, float) and value % 1):
        raise ValueError(value)
    return int(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(value)
    return value


def _maps(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ValueError(value)
    return [_map(item) for item in value]


_CONVERT: Mapping[OutputType, Any] = {
    "String": _string,
    "StringList": _strings,
    "Integer": _integer,
    "Boolean": _boolean,
    "StringMap": _map,
    "MapList": _maps,
}
