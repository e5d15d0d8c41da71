"""Tree documents (JSON, CBOR) by shape: one compiled reader and writer per shape, shared by three protocols.

A reader takes what the parser of the format returned and gives parameters; a writer takes an output and gives
what the format's encoder takes. The formats differ only in their scalars, which a ``Dialect`` supplies.
Compiling follows the shape lazily, so recursive shapes end where the data ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from triptych.kernel.errors import Defect
from triptych.wire.scalars import INTEGER_BITS, Malformed

__all__ = [
    "Dialect",
    "Read",
    "Write",
    "body_members",
    "require",
    "tree_reader",
    "tree_writer",
    "wire_name",
]

Read = Callable[[Any], Any]
Write = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """What a tree format does with the scalars that JSON and CBOR write differently.

    Each function takes the shape (for ``timestampFormat``) and returns the reader or writer of such a member.
    """

    read_blob: Callable[[Shape], Read]
    read_timestamp: Callable[[Shape], Read]
    read_float: Callable[[Shape], Read]
    write_blob: Callable[[Shape], Write]
    write_timestamp: Callable[[Shape], Write]
    write_float: Callable[[Shape], Write]


def wire_name(shape: Shape, member: str) -> str:
    """The name a member has in a document: its ``locationName`` or its own."""
    name: str = shape.serialization.get("name", member)
    return name


def body_members(shape: StructureShape) -> dict[str, Shape]:
    """The members that travel in the body: those without an HTTP location."""
    return {n: m for n, m in shape.members.items() if "location" not in m.serialization}


def require(value: Any, kind: type | tuple[type, ...], shape: Shape) -> None:
    """An output value of the wrong type is our own mistake."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Defect(f"output of shape {shape.name} ({shape.type_name}) cannot be a {type(value).__name__}")


# Reading ---------------------------------------------------------------------------------------------------


@cache
def tree_reader(dialect: Dialect, shape: Shape) -> Read:
    """The reader of a shape; it raises ``Malformed`` in the words of AWS's own JSON parser."""
    match shape.type_name:
        case "structure":
            assert isinstance(shape, StructureShape)
            return _passed if shape.is_document_type else _structure_reader(dialect, shape)
        case "list":
            assert isinstance(shape, ListShape)
            return _list_reader(dialect, shape)
        case "map":
            assert isinstance(shape, MapShape)
            return _map_reader(dialect, shape)
        case "string" | "character":
            return _read_string
        case "boolean":
            return _read_boolean
        case "integer" | "long":
            return _integer_reader(INTEGER_BITS[shape.type_name], shape.type_name.capitalize())
        case "float" | "double":
            return dialect.read_float(shape)
        case "blob":
            return dialect.read_blob(shape)
        case "timestamp":
            return dialect.read_timestamp(shape)
    raise Defect(f"no reader for type {shape.type_name}")


def _passed(value: Any) -> Any:
    return value


def _structure_reader(dialect: Dialect, shape: StructureShape) -> Read:
    table: dict[str, tuple[str, Read]] = {}

    def fill() -> None:
        for name, member in body_members(shape).items():
            table[wire_name(member, name)] = (name, tree_reader(dialect, member))

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Malformed("Expected structure or null")
        if not table:
            fill()
        found: dict[str, Any] = {}
        for key, item in value.items():
            # Unknown members are ignored and null means absent, as AWS does.
            if item is not None and (entry := table.get(key)) is not None:
                found[entry[0]] = entry[1](item)
        return found

    return read


def _list_reader(dialect: Dialect, shape: ListShape) -> Read:
    member: list[Read] = []

    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise Malformed("Expected list or null")
        if not member:
            member.append(tree_reader(dialect, shape.member))
        one = member[0]
        return [None if item is None else one(item) for item in value]

    return read


def _map_reader(dialect: Dialect, shape: MapShape) -> Read:
    member: list[Read] = []

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Malformed("Expected map or null")
        if not member:
            member.append(tree_reader(dialect, shape.value))
        one = member[0]
        if not all(type(key) is str for key in value):
            raise Malformed("Expected map with string keys")
        return {key: None if item is None else one(item) for key, item in value.items()}

    return read


def _token(value: Any) -> str:
    """AWS's parser calls what it met by its token."""
    match value:
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case int():
            return "NUMBER_VALUE"
        case float():
            return "DECIMAL_VALUE"
        case str():
            return "STRING_VALUE"
    return "VALUE"


def unexpected(value: Any, wanted: str) -> Malformed:
    """The refusal of a value that is no ``wanted`` (``a String``)."""
    if isinstance(value, dict):
        return Malformed("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return Malformed("Start of list found where not expected")
    return Malformed(f"{_token(value)} can not be converted to {wanted}")


def _read_string(value: Any) -> str:
    if type(value) is not str:
        raise unexpected(value, "a String")
    return value


def _read_boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise unexpected(value, "a Boolean")
    return value


def _integer_reader(bits: int, name: str) -> Read:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    wanted = f"an {name}" if name == "Integer" else f"a {name}"

    def read(value: Any) -> int:
        # JavaScript has one number type and some encoders write 1.0 for 1.
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise unexpected(value, wanted)
        return value

    return read


# Writing ---------------------------------------------------------------------------------------------------


@cache
def tree_writer(dialect: Dialect, shape: Shape) -> Write:
    """The writer of a shape; it raises Defect for a value the model does not allow."""
    match shape.type_name:
        case "structure":
            assert isinstance(shape, StructureShape)
            return _passed if shape.is_document_type else _structure_writer(dialect, shape)
        case "list":
            assert isinstance(shape, ListShape)
            return _list_writer(dialect, shape)
        case "map":
            assert isinstance(shape, MapShape)
            return _map_writer(dialect, shape)
        case "float" | "double":
            return _checked(shape, (int, float), dialect.write_float(shape))
        case "blob":
            return _checked(shape, bytes, dialect.write_blob(shape))
        case "timestamp":
            return _checked(shape, datetime, dialect.write_timestamp(shape))
        case "string" | "character":
            return _checked(shape, str, str)
        case "boolean":
            return _checked(shape, bool, _passed)
        case "integer" | "long":
            return _checked(shape, int, _passed)
    raise Defect(f"no writer for type {shape.type_name}")


def _checked(shape: Shape, kind: type | tuple[type, ...], write: Write) -> Write:
    def checked(value: Any) -> Any:
        require(value, kind, shape)
        return write(value)

    return checked


def _structure_writer(dialect: Dialect, shape: StructureShape) -> Write:
    table: dict[str, tuple[str, Write]] = {}

    def fill() -> None:
        for name, member in body_members(shape).items():
            table[name] = (wire_name(member, name), tree_writer(dialect, member))

    def write(value: Any) -> dict[str, Any]:
        require(value, Mapping, shape)
        if not table:
            fill()
        made: dict[str, Any] = {}
        for name, item in value.items():
            if item is None:
                continue
            entry = table.get(name)
            if entry is None:
                raise Defect(f"output shape {shape.name} has no body member {name}")
            made[entry[0]] = entry[1](item)
        return made

    return write


def _list_writer(dialect: Dialect, shape: ListShape) -> Write:
    member: list[Write] = []

    def write(value: Any) -> list[Any]:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            require(value, list, shape)
        if not member:
            member.append(tree_writer(dialect, shape.member))
        one = member[0]
        return [None if item is None else one(item) for item in value]

    return write


def _map_writer(dialect: Dialect, shape: MapShape) -> Write:
    member: list[Write] = []

    def write(value: Any) -> dict[str, Any]:
        require(value, Mapping, shape)
        if not member:
            member.append(tree_writer(dialect, shape.value))
        one = member[0]
        return {str(key): None if item is None else one(item) for key, item in value.items()}

    return write
