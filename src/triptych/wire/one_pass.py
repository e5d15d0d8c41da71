"""Requests in volume, read and validated in one pass: types made from the model, filled by msgspec in C.

A PutMetricData has 1,000 data of a dozen values; reading them member by member (``shapes``) and then
validating them (``validate``) costs ten times as much as this. Those two remain the truth: ``read`` answers what they
would, or None for whatever is doubtful (an operation it has no type for, a null, a number written as text, anything
invalid), and they then have the last word, and the words.

In JSON and CBOR only. No types for recursive shapes, unions, documents, blobs and renamed or header members.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, Required, TypedDict

import cbor2
import msgspec
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from triptych.wire.aws_json import JSON
from triptych.wire.patterns import matcher
from triptych.wire.rpc_v2_cbor import CBOR
from triptych.wire.scalars import INTEGER_BITS
from triptych.wire.shapes import Dialect, wire_name

__all__ = ["read"]

Finish = Callable[[Any], Any]
"""What is left to do with a value of the right type; raises ValueError for one that is in doubt."""


class _NoType(Exception):  # noqa: N818 - never leaves this module
    """The generic way is the only one for this shape."""


def read(protocol: str, operation: OperationModel, body: bytes) -> dict[str, Any] | None:
    """The valid parameters of a request, in the model's member names; None: ask the generic way."""
    if not body or (reader := _reader(protocol, operation)) is None:
        return None
    try:
        return reader(body)
    except (ValueError, TypeError, OverflowError, RecursionError, cbor2.CBORDecodeError):
        return None  # msgspec's and our own errors are ValueErrors


@cache
def _reader(protocol: str, operation: OperationModel) -> Callable[[bytes], dict[str, Any]] | None:
    shape = operation.input_shape
    if protocol not in _DIALECTS or shape is None:
        return None
    dialect, moment = _DIALECTS[protocol]
    try:
        kind = _type(shape, moment, ())
    except _NoType:
        return None
    finish = _finish(shape, dialect) or _as_it_is
    if protocol == "json":
        decode = msgspec.json.Decoder(kind).decode
        return lambda body: finish(decode(body))
    return lambda body: finish(msgspec.convert(cbor2.loads(body), kind))


_DIALECTS: Mapping[str, tuple[Dialect, Any]] = {
    "json": (JSON, int | float | str),
    "smithy-rpc-v2-cbor": (CBOR, int | float | datetime),
}
"""Protocol -> dialect, and what a timestamp is before the dialect has read it."""


def _as_it_is(value: Any) -> Any:
    return value


# Types -------------------------------------------------------------------------------------------------------


def _type(shape: Shape, moment: Any, around: tuple[str, ...]) -> Any:
    """The type whose values are the shape's valid ones, as far as msgspec can say it. Raises _NoType.

    :param moment: the type of timestamps.
    :param around: names of the structures the shape is in.
    """
    limits = shape.metadata
    match shape.type_name:
        case "structure":
            assert isinstance(shape, StructureShape)
            return _structure(shape, moment, around)
        case "list":
            assert isinstance(shape, ListShape)
            return Annotated[list[_type(shape.member, moment, around)], _length(limits)]  # type: ignore[misc]
        case "map":
            assert isinstance(shape, MapShape)
            if "pattern" in shape.key.metadata:
                raise _NoType
            kinds = _type(shape.key, moment, around), _type(shape.value, moment, around)
            return Annotated[dict.__class_getitem__(kinds), _length(limits)]
        case "string" | "character":
            if allowed := limits.get("enum"):
                return Literal[tuple(allowed)] if {"min", "max"}.isdisjoint(limits) else _refuse()
            return Annotated[str, _length(limits)]
        case "boolean":
            return bool
        case "integer" | "long":
            most = 1 << (INTEGER_BITS[shape.type_name] - 1)
            low, high = max(limits.get("min", -most), -most), min(limits.get("max", most - 1), most - 1)
            return Annotated[int, msgspec.Meta(ge=math.ceil(low), le=math.floor(high))]
        case "float" | "double":
            return Annotated[float, msgspec.Meta(ge=limits.get("min"), le=limits.get("max"))]
        case "timestamp":
            return moment
    raise _NoType


def _refuse() -> Any:
    raise _NoType


def _length(limits: Mapping[str, Any]) -> msgspec.Meta:
    return msgspec.Meta(min_length=limits.get("min"), max_length=limits.get("max"))


def _structure(shape: StructureShape, moment: Any, around: tuple[str, ...]) -> Any:
    if shape.name in around or shape.is_tagged_union or shape.is_document_type:
        raise _NoType
    members = {}
    for name, member in shape.members.items():
        if wire_name(member, name) != name or {"location", "eventstream"} & member.serialization.keys():
            raise _NoType
        kind = _type(member, moment, (*around, shape.name))
        members[name] = Required[kind] if name in shape.required_members else kind
    return TypedDict(shape.name, members, total=False)  # type: ignore[operator]


# What types cannot say ---------------------------------------------------------------------------------------


@cache
def _finish(shape: Shape, dialect: Dialect) -> Finish | None:
    """Reads timestamps and checks patterns, wherever they are below; None if they are nowhere."""
    if isinstance(shape, StructureShape):
        finish = _finish_structures(shape, dialect)
        return None if finish is None else lambda value: finish([value])[0]
    if isinstance(shape, ListShape):
        if isinstance(shape.member, StructureShape):
            return _finish_structures(shape.member, dialect)
        member = _finish(shape.member, dialect)
        return None if member is None else lambda value: list(map(member, value))
    if isinstance(shape, MapShape):
        item = _finish(shape.value, dialect)
        return None if item is None else lambda value: {name: item(each) for name, each in value.items()}
    if shape.type_name == "timestamp":
        # The thousand data of a request share few timestamps. Values that are equal mean the same moment.
        return lru_cache(maxsize=1024)(dialect.read_timestamp(shape))
    if shape.type_name == "string" and (pattern := shape.metadata.get("pattern")) is not None:
        return _matching(pattern)
    return None


def _finish_structures(
    shape: StructureShape, dialect: Dialect
) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]] | None:
    """Of a list of them, in place, one member after the other: a call for each of a thousand is felt."""
    below = [(name, one) for name, member in shape.members.items() if (one := _finish(member, dialect))]
    if not below:
        return None

    def finish(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for name, one in below:
            for value in values:
                if (item := value.get(name)) is not None:
                    value[name] = one(item)
        return values

    return finish


def _matching(pattern: str) -> Finish | None:
    matches = matcher(pattern)
    if matches is None:
        return None

    def finish(value: str) -> str:
        if not matches(value):
            raise ValueError(value)
        return value

    return finish
