"""Hypothesis strategies from model shapes: inputs and outputs a real client could send or receive.

The first example of a test holds every member of the shape (down to ``Dialect.nodes`` values), later ones leave
members out. Values keep the model's lengths, ranges and enums; patterns are not followed (the codecs do not care).
What a protocol cannot carry at all is not generated, and each such rule below says why.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.model import Shape, StructureShape
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

TOKEN = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=6)

JSON_TEXT = st.characters(codec="utf-8")
# XML 1.0 has no control characters besides tab and line feed, and no U+FFFE/F at all.
XML_TEXT = st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"], include_characters="\t\n")
# A header field is one line of visible ASCII; a backslash is special in quoted lists and botocore leaves it bare.
HEADER_TEXT = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\")


@dataclass(frozen=True)
class Dialect:
    """What a protocol can carry in one direction.

    :param text: the characters of strings in the body.
    :param microseconds: the step of timestamps: 1 for requests, 1000 for replies (Smithy promises milliseconds).
    :param infinite: whether infinities come back as numbers.
    """

    text: st.SearchStrategy[str]
    microseconds: int = 1
    infinite: bool = True
    nodes: int = 250


def parameters(shape: StructureShape, dialect: Dialect) -> st.SearchStrategy[dict[str, Any]]:
    """Values of a top-level input or output; event streams and HTTP status codes stay out."""

    @st.composite
    def made(draw: Draw) -> dict[str, Any]:
        return _Builder(draw, dialect).structure(shape, 0)

    return made()


class _Builder:
    def __init__(self, draw: Draw, dialect: Dialect) -> None:
        self.draw = draw
        self.dialect = dialect
        self.left = dialect.nodes

    def value(self, shape: Shape, depth: int) -> Any:
        self.left -= 1
        traits = shape.metadata
        match shape.type_name:
            case "structure":
                return self.document() if shape.is_document_type else self.structure(shape, depth)
            case "list":
                return [self.value(shape.member, depth + 1) for _ in range(self.length(traits))]
            case "map":
                keys = self.keys(shape)
                return {key: self.value(shape.value, depth + 1) for key in keys}
            case "boolean":
                return self.draw(st.booleans())
            case "integer" | "long":
                bits = 31 if shape.type_name == "integer" else 63
                low = int(traits.get("min", -(1 << bits)))
                high = min(int(traits.get("max", (1 << bits) - 1)), (1 << bits) - 1)
                return self.draw(st.integers(max(low, -(1 << bits)), high))
            case "float" | "double":
                return self.number(shape)
            case "blob":
                low = int(traits.get("min", 0))
                return self.draw(st.binary(min_size=low, max_size=low + 6))
            case "timestamp":
                return self.moment(shape)
        return self.text(shape)

    def structure(self, shape: StructureShape, depth: int) -> dict[str, Any]:
        members = {n: m for n, m in shape.members.items() if not m.serialization.get("eventstream")}
        if shape.is_tagged_union:
            names = [self.draw(st.sampled_from(sorted(members)))]
        else:
            sparse = self.draw(st.booleans())
            names = [n for n in members if n in shape.required_members or self.wanted(depth, sparse=sparse)]
        return {name: self.value(members[name], depth + 1) for name in names}

    def wanted(self, depth: int, *, sparse: bool) -> bool:
        if self.left <= 0 or depth > 6:
            return False
        return not sparse or self.draw(st.booleans())

    def length(self, traits: dict[str, Any]) -> int:
        low, high = int(traits.get("min", 0)), int(traits.get("max", 1000))
        if self.left <= 0:
            return low
        return self.draw(st.sampled_from([n for n in (low + 1, low, low + 2) if n <= high] or [low]))

    def keys(self, shape: Shape) -> list[str]:
        traits = shape.key.metadata
        if traits.get("enum"):
            count = min(self.length(shape.metadata), len(traits["enum"]))
            return list(traits["enum"])[:count]
        if shape.serialization.get("location") == "headers":
            return self.draw(st.lists(TOKEN, unique=True, max_size=2))
        keys: list[str] = []
        while len(keys) < self.length(shape.metadata):
            key = self.text(shape.key)
            keys.append(key if key not in keys else f"{key}{len(keys)}")
        return keys

    def number(self, shape: Shape) -> float:
        traits = shape.metadata
        return self.draw(
            st.floats(
                min_value=traits.get("min"),
                max_value=traits.get("max"),
                allow_nan=False,  # NaN is not equal to itself; the scalar tests cover it
                allow_infinity=self.dialect.infinite and not {"min", "max"} & set(traits),
                width=32 if shape.type_name == "float" else 64,
            )
        )

    def moment(self, shape: Shape) -> datetime:
        # 1970 to 2200: doubles hold microseconds exactly there. HTTP dates have whole seconds.
        whole = (
            shape.serialization.get("location") == "header"
            or shape.serialization.get("timestampFormat") == "rfc822"
        )
        step = 1_000_000 if whole else self.dialect.microseconds
        count = self.draw(st.integers(0, 7_258_118_400_000_000 // step))
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count * step)

    def text(self, shape: Shape) -> str:
        traits = shape.metadata
        if traits.get("enum"):
            return self.draw(st.sampled_from(traits["enum"]))
        low = int(traits.get("min", 0))
        high = max(int(traits.get("max", 1000)), low)
        if low > 8:
            return "x" * low
        location = shape.serialization.get("location")
        if shape.serialization.get("hostLabel"):
            return self.draw(TOKEN)  # becomes part of a host name
        alphabet = HEADER_TEXT if location in ("header", "headers") else self.dialect.text
        low = max(low, 1) if location == "uri" else low
        some = st.text(alphabet, min_size=min(max(low, 1), high), max_size=min(low + 6, high))
        return self.draw(st.one_of(some, st.just("")) if low == 0 else some)

    def document(self) -> Any:
        scalar = st.one_of(st.text(max_size=5), st.integers(-1000, 1000), st.booleans())
        return self.draw(st.dictionaries(TOKEN, st.one_of(scalar, st.lists(scalar, max_size=2)), max_size=3))
