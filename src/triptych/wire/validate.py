"""Parameters against the model: required, lengths, ranges, patterns, enums, unions, in AWS's words.

    2 validation errors detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy
    regular expression pattern: [\\.\\-_/#A-Za-z0-9]+; Value null at 'tags.1.member.key' failed to satisfy ...

Types are the decoder's business; a wrong one here comes from a caller in process. Members the model does not
know are ignored, as AWS does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from triptych.kernel.errors import ServiceError
from triptych.kernel.limits import ECHOED_VALUE_CHARACTERS, VALIDATION_ERRORS
from triptych.wire.patterns import matcher
from triptych.wire.scalars import float_text

__all__ = ["default_code", "validate"]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "blob": (bytes, bytearray, memoryview),
    "timestamp": (datetime,),
}


def validate(operation: OperationModel, params: Mapping[str, Any], *, code: str | None = None) -> None:
    """Refuse parameters the model forbids.

    :param code: the error's code where a service has its own; ``default_code`` otherwise.
    :raises ServiceError: ``code`` with every violation (at most ``limits.VALIDATION_ERRORS``), or
        SerializationException for a value of the wrong type.
    """
    shape = operation.input_shape
    if shape is None:
        return
    if _fitting(operation)(params):
        return
    found: list[str] = []
    for violation in _structure(shape, params, "", _streamed(operation)):
        found.append(violation)
        if len(found) == VALIDATION_ERRORS:
            break
    if found:
        errors = "validation error" if len(found) == 1 else "validation errors"
        raise ServiceError(
            code or default_code(operation), f"{len(found)} {errors} detected: {'; '.join(found)}"
        )


@cache
def default_code(operation: OperationModel) -> str:
    """What the service calls a violation, as far as its model tells.

    JSON services: ValidationException, unless the operation declares only InvalidParameterException (CloudWatch
    Logs). Services that speak Query: ValidationError, which is also the wire code of CloudWatch's modelled
    ValidationException in its other protocols.
    """
    service = operation.service_model
    if not set(service.metadata.get("protocols", [service.protocol])) <= {"json", "rest-json"}:
        return "ValidationError"
    declared = {shape.name for shape in operation.error_shapes}
    logs_like = "InvalidParameterException" in declared and "ValidationException" not in declared
    return "InvalidParameterException" if logs_like else "ValidationException"


@cache
def _streamed(operation: OperationModel) -> str:
    """The member that is a streamed body, absent while it streams, so not missed."""
    shape = operation.input_shape
    if shape is None:
        return ""
    if operation.has_streaming_input:
        return str(shape.serialization["payload"])
    events = (name for name, member in shape.members.items() if member.serialization.get("eventstream"))
    return next(events, "")


# The quick way: does it fit? ---------------------------------------------------------------------------------
#
# Nearly all requests fit, and a PutLogEvents has 10,000 events: so one compiled answer first, without paths and
# words. A doubtful No costs time only, for the walk below has the last word; a Yes is final.

Fits = Callable[[Any], bool]


@cache
def _fitting(operation: OperationModel) -> Fits:
    shape = operation.input_shape
    assert shape is not None
    return _structure_fits(shape, _streamed(operation))


@cache
def _fits(shape: Shape) -> Fits:
    if isinstance(shape, StructureShape):
        return (lambda _: True) if shape.is_document_type else _structure_fits(shape, "")
    holds = tuple(check for check, _ in _checks(shape))
    if isinstance(shape, ListShape):
        return _list_fits(shape, holds)
    if isinstance(shape, MapShape):
        return _map_fits(shape, holds)
    kinds = _TYPES[shape.type_name]
    if not holds:
        return lambda value: type(value) in kinds
    if len(holds) == 1:
        only = holds[0]
        return lambda value: type(value) in kinds and only(value)
    return lambda value: type(value) in kinds and all(hold(value) for hold in holds)


def _structure_fits(shape: StructureShape, streamed: str) -> Fits:
    required = tuple(name for name in shape.required_members if name != streamed)
    union = shape.is_tagged_union
    table: dict[str, Fits] = {}  # filled at the first use: shapes may be recursive

    def fits(value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        if not table:
            for name, member in shape.members.items():
                events = member.serialization.get("eventstream")
                table[name] = (lambda _: True) if events else _fits(member)
        for name in required:
            if value.get(name) is None:
                return False
        for name, item in value.items():
            one = table.get(name)
            if one is not None and item is not None and not one(item):
                return False
        return not union or sum(value.get(name) is not None for name in table) == 1

    return fits


def _list_fits(shape: ListShape, holds: tuple[Fits, ...]) -> Fits:
    def fits(value: Any) -> bool:
        return type(value) is list and all(h(value) for h in holds) and all(map(_fits(shape.member), value))

    return fits


def _map_fits(shape: MapShape, holds: tuple[Fits, ...]) -> Fits:
    def fits(value: Any) -> bool:
        return (
            isinstance(value, Mapping)
            and all(hold(value) for hold in holds)
            and all(map(_fits(shape.key), value))
            and all(map(_fits(shape.value), value.values()))
        )

    return fits


# Walking ---------------------------------------------------------------------------------------------------


def _member_path(path: str, name: str) -> str:
    """AWS names members as Java beans do: the first letter small."""
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name


def _value(shape: Shape, value: Any, path: str) -> Iterator[str]:
    _require_type(shape, value, path)
    if isinstance(shape, StructureShape):
        if not shape.is_document_type:
            yield from _structure(shape, value, path, "")
        return
    for constraint in _broken(shape, value):
        yield _violation(shape, value, path, constraint)
    if isinstance(shape, ListShape):
        yield from _list(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _map(shape, value, path)


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str, streamed: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None and name != streamed:
            yield _null(_member_path(path, name))
    members = shape.members
    for name, item in value.items():
        if item is not None and name in members and not members[name].serialization.get("eventstream"):
            yield from _value(members[name], item, _member_path(path, name))
    if shape.is_tagged_union and sum(value.get(name) is not None for name in members) != 1:
        yield _violation(shape, value, path, "Member must have exactly one of its members set")


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    member = shape.member
    if isinstance(member, StructureShape | ListShape | MapShape):
        for number, item in enumerate(value, 1):
            where = f"{path}.{number}.member"
            if item is None:
                yield _null(where)
            else:
                yield from _value(member, item, where)
        return
    for number, item in enumerate(value, 1):
        if item is None:
            yield _null(f"{path}.{number}.member")
            return
        _require_type(member, item, f"{path}.{number}.member")
    # Of scalars AWS blames the list, once, and recites all that its members must satisfy.
    if any(_broken(member, item) for item in value):
        yield _violation(shape, value, path, f"Member must satisfy constraint: [{_recited(member)}]")


def _map(shape: MapShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    if any(_broken(shape.key, key) for key in value):
        yield _violation(shape, value, path, f"Map keys must satisfy constraint: [{_recited(shape.key)}]")
    member = shape.value
    blame_map = False
    for key, item in value.items():
        shown = "*" if shape.key.metadata.get("sensitive") else _bounded(str(key))
        where = f"{path}.{shown}.member"
        if item is None:
            yield _null(where)
        elif isinstance(member, StructureShape | ListShape | MapShape):
            yield from _value(member, item, where)
        else:
            _require_type(member, item, where)
            blame_map = blame_map or bool(_broken(member, item))
    if blame_map:
        yield _violation(shape, value, path, f"Map value must satisfy constraint: [{_recited(member)}]")


def _require_type(shape: Shape, value: Any, path: str) -> None:
    wanted = _TYPES[shape.type_name]
    is_document = isinstance(shape, StructureShape) and shape.is_document_type
    wrong = not isinstance(value, wanted) or (isinstance(value, bool) and shape.type_name != "boolean")
    if wrong and not is_document:
        raise ServiceError(
            "SerializationException",
            f"{type(value).__name__} can not be converted to a {shape.type_name} at '{path}'",
        )


# Constraints -----------------------------------------------------------------------------------------------

Check = tuple[Callable[[Any], bool], str]  # holds?, and how AWS says it


@cache
def _checks(shape: Shape) -> tuple[Check, ...]:
    """The constraints of one shape, each with AWS's words for it."""
    traits = shape.metadata
    checks: list[Check] = []
    low, high = traits.get("min"), traits.get("max")
    if shape.type_name in ("integer", "long", "float", "double"):
        if high is not None:
            checks.append((lambda v: v <= high, f"Member must have value less than or equal to {high}"))
        if low is not None:
            checks.append((lambda v: v >= low, f"Member must have value greater than or equal to {low}"))
    elif shape.type_name in ("string", "blob", "list", "map"):
        if high is not None:
            checks.append((lambda v: len(v) <= high, f"Member must have length less than or equal to {high}"))
        if low is not None:
            checks.append(
                (lambda v: len(v) >= low, f"Member must have length greater than or equal to {low}")
            )
    pattern = traits.get("pattern")
    matches = matcher(pattern) if pattern is not None and shape.type_name == "string" else None
    if matches is not None:
        checks.append((matches, f"Member must satisfy regular expression pattern: {pattern}"))
    enum = traits.get("enum")
    if enum:
        allowed = frozenset(enum)
        words = f"Member must satisfy enum value set: [{', '.join(enum)}]"
        checks.append((lambda v: v in allowed, words))
    return tuple(checks)


def _broken(shape: Shape, value: Any) -> list[str]:
    return [words for holds, words in _checks(shape) if not holds(value)]


def _recited(shape: Shape) -> str:
    return ", ".join(words for _, words in _checks(shape))


# Words -----------------------------------------------------------------------------------------------------


def _null(path: str) -> str:
    return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def _violation(shape: Shape, value: Any, path: str, constraint: str) -> str:
    shown = "" if _secret(shape, value) else f" '{_bounded(_text(value))}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _secret(shape: Shape, value: Any) -> bool:
    """Whether a value is, or holds, something the model calls sensitive."""
    if shape.metadata.get("sensitive"):
        return True
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return any(_secret(m, value[n]) for n, m in shape.members.items() if value.get(n) is not None)
    if isinstance(shape, ListShape):
        return any(_secret(shape.member, item) for item in value)
    if isinstance(shape, MapShape):
        return any(_secret(shape.key, key) or _secret(shape.value, item) for key, item in value.items())
    return False


def _text(value: Any) -> str:
    """A value as Java prints it, which is what AWS's messages show."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return float_text(value)
        case bytes() | bytearray() | memoryview():
            return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
        case Mapping():
            return "{" + ", ".join(f"{key}={_text(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_text(item) for item in value) + "]"
    return str(value)


def _bounded(text: str) -> str:
    return text if len(text) <= ECHOED_VALUE_CHARACTERS else text[:ECHOED_VALUE_CHARACTERS] + "..."
