"""Parameters of a document: what they declare, and the values a caller gives them. Pure.

Source: Systems Manager user guide, "Schema features: top-level elements", "Runbook input parameters". Callers give
every value as a list of strings (``AutomationParameterMap``); references see typed values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from triptych.services.ssm import content, template

__all__ = ["InvalidDeclaration", "InvalidValue", "Parameter", "bind", "echo", "is_role_arn", "parse"]

Kind = Literal["String", "StringList", "Boolean", "Integer", "MapList", "StringMap"]
_KINDS = get_args(Kind)
_AWS_TYPE = re.compile(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+\Z")
_AWS_LIST_TYPE = re.compile(r"List<AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+>\Z")
_ROLE_TYPE = "AWS::IAM::Role::Arn"
_ROLE_PATTERN = re.compile(
    r"arn:(?:aws|aws-cn|aws-us-gov|aws-iso|aws-iso-b):iam::[0-9]{12}:role/[\w+=,.@/-]+\Z"
)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}\Z")
_KEYS = {
    "type", "description", "default", "allowedValues", "allowedPattern", "displayType",
    "minItems", "maxItems", "minChars", "maxChars",
}  # fmt: skip
_BOUNDS = ("minItems", "maxItems", "minChars", "maxChars")


class InvalidDeclaration(ValueError):  # noqa: N818
    """A parameter the document declares in a way that cannot be."""


class InvalidValue(ValueError):  # noqa: N818
    """A value the declaration does not allow, or a parameter that is missing or unknown."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One declared parameter.

    :param type: as declared, e.g. ``AWS::S3::Bucket::Name``; ``kind`` is what it means for values.
    :param default: typed; ``None`` when there is none (a null default is none, too).
    """

    name: str
    type: str
    kind: Kind
    description: str = ""
    default: Any = None
    allowed_values: tuple[Any, ...] = ()
    allowed_pattern: str = ""
    bounds: dict[str, int] = {}

    @property
    def required(self) -> bool:
        return self.default is None


def parse(name: str, raw: Any) -> Parameter:
    """A declaration; raises InvalidDeclaration."""
    if not _NAME.match(name):
        raise InvalidDeclaration(f"Parameter name {name!r} must match [A-Za-z0-9_-]{{1,50}}.")
    if not isinstance(raw, dict):
        raise InvalidDeclaration(f"Parameter {name} must be a map.")
    if unknown := sorted(set(raw) - _KEYS):
        raise InvalidDeclaration(f"Parameter {name} has unknown properties: {', '.join(unknown)}.")
    kind = _kind_of(name, raw.get("type"))
    pattern = raw.get("allowedPattern") or ""
    if not isinstance(pattern, str) or not _is_pattern(pattern):
        raise InvalidDeclaration(f"Parameter {name}: allowedPattern is no regular expression RE2 can read.")
    allowed = raw.get("allowedValues") or []
    if not isinstance(allowed, list):
        raise InvalidDeclaration(f"Parameter {name}: allowedValues must be a list.")
    bounds = {key: raw[key] for key in _BOUNDS if raw.get(key) is not None}
    if any(not isinstance(value, int) or isinstance(value, bool) or value < 0 for value in bounds.values()):
        raise InvalidDeclaration(f"Parameter {name}: {', '.join(bounds)} must be whole numbers.")
    parameter = Parameter(
        name=name,
        type=raw["type"],
        kind=kind,
        description=str(raw.get("description") or ""),
        allowed_values=tuple(allowed),
        allowed_pattern=pattern,
        bounds=bounds,
    )
    default = raw.get("default")
    if default is None:
        return parameter
    try:
        typed = default if template.is_open(default) else _typed_default(parameter, default)
        if typed not in ("", [], {}) and not template.is_open(typed):
            _check(parameter, typed)
    except InvalidValue as error:
        raise InvalidDeclaration(f"The default of a parameter is not allowed: {error}") from error
    return msgspec.structs.replace(parameter, default=typed)


def bind(
    declared: Mapping[str, Parameter], given: Mapping[str, Sequence[str]], resolve: template.Resolve
) -> dict[str, Any]:
    """Typed values for every declared parameter; raises InvalidValue.

    ``resolve`` serves the ``global:`` and ``automation:`` references that defaults may hold. An empty default
    means "not given" and is not checked against patterns, as AWS's own runbooks expect.
    """
    if unknown := sorted(set(given) - set(declared)):
        raise InvalidValue(f"The document has no parameter named {', '.join(unknown)}.")
    if missing := [p.name for p in declared.values() if p.required and p.name not in given]:
        raise InvalidValue(f"Missing required parameters: {', '.join(missing)}.")
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        if name in given:
            value = _typed(parameter, list(given[name]))
            if value not in ("", [], {}) or parameter.default != value:
                _check(parameter, value)
        else:
            value = template.substitute(parameter.default, resolve)
        values[name] = value
    return values


def echo(value: Any) -> list[str]:
    """A typed value as the list of strings the API shows."""
    if isinstance(value, list):
        return [template.text_of(item) for item in value]
    return [template.text_of(value)]


def is_role_arn(text: str) -> bool:
    return _ROLE_PATTERN.match(text) is not None


def _kind_of(name: str, declared: Any) -> Kind:
    if declared in _KINDS:
        return declared  # type: ignore[no-any-return]
    if isinstance(declared, str) and _AWS_TYPE.match(declared):
        return "String"
    if isinstance(declared, str) and _AWS_LIST_TYPE.match(declared):
        return "StringList"
    raise InvalidDeclaration(
        f"Parameter {name}: type {declared!r} is not one of {', '.join(_KINDS)}, AWS::..., List<AWS::...>."
    )


def _typed_default(parameter: Parameter, default: Any) -> Any:
    if parameter.kind == "StringList" and isinstance(default, str):
        return [default] if default else []
    if isinstance(default, list) and parameter.kind in ("StringList", "MapList"):
        return _typed(parameter, [template.text_of(item) for item in default])
    return _typed(parameter, [template.text_of(default)])


def _typed(parameter: Parameter, texts: list[str]) -> Any:
    kind, name = parameter.kind, parameter.name
    if kind == "StringList":
        return _one_json_list(texts) or texts
    if kind == "MapList":
        items = _one_json_list(texts, of=dict)
        return items if items is not None else [_json(name, text, dict) for text in texts]
    if len(texts) != 1:
        raise InvalidValue(f"Parameter {name} takes exactly one value, {len(texts)} were given.")
    text = texts[0]
    if kind == "Boolean":
        if text.lower() not in ("true", "false"):
            raise InvalidValue(f"Parameter {name} must be true or false.")
        return text.lower() == "true"
    if kind == "Integer":
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise InvalidValue(f"Parameter {name} must be a whole number.")
        return int(text)
    if kind == "StringMap":
        return _json(name, text, dict)
    return text


def _one_json_list(texts: list[str], of: type = str) -> list[Any] | None:
    """``['["a","b"]']`` as the CLI's users write it; None when it is not of that form."""
    if len(texts) != 1 or not texts[0].lstrip().startswith("["):
        return None
    try:
        items = content.read(texts[0], "JSON")
    except content.InvalidContent:
        return None
    return items if isinstance(items, list) and all(isinstance(item, of) for item in items) else None


def _json(name: str, text: str, kind: type) -> Any:
    try:
        value = content.read(text, "JSON")
    except content.InvalidContent as error:
        raise InvalidValue(f"Parameter {name} must be JSON: {error}") from error
    if not isinstance(value, kind):
        raise InvalidValue(f"Parameter {name} must be a JSON object.")
    return value


def _check(parameter: Parameter, value: Any) -> None:
    name = parameter.name
    if isinstance(value, list | dict):
        _check_bound(parameter, len(value), "minItems", "maxItems", "items")
    items = value if isinstance(value, list) else [value]
    for item in items:
        if parameter.allowed_values and not _is_allowed(parameter, item):
            shown = ", ".join(template.text_of(v) for v in parameter.allowed_values)
            raise InvalidValue(
                f"Value {template.text_of(item)!r} of parameter {name} is not one of: {shown}."
            )
        if isinstance(item, str):
            _check_bound(parameter, len(item), "minChars", "maxChars", "characters")
            if parameter.allowed_pattern and not _matches(parameter.allowed_pattern, item):
                raise InvalidValue(
                    f"Value {item!r} of parameter {name} does not match the pattern {parameter.allowed_pattern}."
                )
            if parameter.type == _ROLE_TYPE and not is_role_arn(item):
                raise InvalidValue(f"Value {item!r} of parameter {name} is not the ARN of a role.")


def _is_allowed(parameter: Parameter, item: Any) -> bool:
    text = template.text_of(item)
    return any(
        text.lower() == template.text_of(a).lower()
        if parameter.kind == "Boolean"
        else text == template.text_of(a)
        for a in parameter.allowed_values
    )


def _check_bound(parameter: Parameter, size: int, low: str, high: str, unit: str) -> None:
    least, most = parameter.bounds.get(low), parameter.bounds.get(high)
    if least is not None and size < least:
        raise InvalidValue(f"Parameter {parameter.name} must have at least {least} {unit}.")
    if most is not None and size > most:
        raise InvalidValue(f"Parameter {parameter.name} must have at most {most} {unit}.")


# Patterns come from whoever writes a document: RE2 matches in linear time, ``re`` may take for ever.


def _is_pattern(pattern: str) -> bool:
    try:
        _matches(pattern, "")
    except pa.ArrowInvalid:
        return False
    return True


def _matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches, as Java's ``matches`` has it."""
    found = pc.match_substring_regex(pa.array([text]), pattern=rf"\A(?:{pattern})\z")
    return bool(found[0].as_py())
