"""The text of a document, JSON or YAML, to plain values and back; hostile text is refused, not obeyed.

Plain values are dict, list, str, int, float, bool and None. Not here: what they mean (``schema``).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal, NoReturn

import yaml

from triptych.kernel import limits

__all__ = ["Format", "InvalidContent", "read", "write"]

Format = Literal["JSON", "YAML"]

_STRING_TAG = "tag:yaml.org,2002:str"
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})\Z")  # 012345678901 is an account, not a number
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")


_NO_KEY = object()
"""Stands where a map waits for its next key."""


class InvalidContent(ValueError):  # noqa: N818 - the operation turns it into AWS's error
    """The text is not well-formed, or uses what Automation documents have no need of."""


def read(text: str, form: Format) -> Any:
    """The value a text stands for; raises InvalidContent with the place of the mistake."""
    value = _read_json(text) if form == "JSON" else _read_yaml(text)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair, written as an escape
        raise InvalidContent("The text holds an escape that is no character.") from error
    return value


def write(value: Any, form: Format) -> str:
    """A plain value as text, keys in the order they have."""
    if form == "JSON":
        return json.dumps(value, indent=2, ensure_ascii=False)
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Quotes the strings that ``_plain`` would read as something else (``1e3`` is a string to YAML 1.1 only)."""


def _represent_string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    node = dumper.represent_str(text)
    if not isinstance(_plain(text), str):
        node.style = "'"
    return node


_Dumper.add_representer(str, _represent_string)


def _read_json(text: str) -> Any:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
    except RecursionError as error:
        raise InvalidContent("JSON is nested too deeply.") from error
    except InvalidContent:
        raise
    except ValueError as error:
        raise InvalidContent(f"JSON not well-formed. {error}") from error
    _bound_depth(value)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidContent(f"Key {twice!r} appears twice in one object.")
    return members


def _whole(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise InvalidContent(f"{text[:40]} is too large for a number.")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidContent(f"{text} is too large for a number.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidContent(f"JSON not well-formed. {name} is not a JSON value.")


def _bound_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > limits.SSM_DOCUMENT_DEPTH:
            raise InvalidContent(f"Nested more than {limits.SSM_DOCUMENT_DEPTH} levels deep.")
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
        ]


def _read_yaml(text: str) -> Any:
    """Built from the parser's events, without a constructor: no tag creates an object, no alias multiplies one."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidContent(f"YAML not well-formed. {' '.join(str(error).split())}") from error
    return builder.value()


class _Builder:
    """Assembles one YAML document from its events."""

    def __init__(self) -> None:
        self._open: list[Any] = [[]]  # containers not yet closed, below them the list of documents
        self._keys: list[Any] = [None]  # per container: the key that waits for its value

    def value(self) -> Any:
        documents = self._open[0]
        if len(documents) != 1:
            raise InvalidContent(f"Expected one YAML document, found {len(documents)}.")
        return documents[0]

    def take(self, event: Any) -> None:
        where = f"line {event.start_mark.line + 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InvalidContent(f"YAML anchors and aliases are not supported ({where}).")
        if isinstance(event, yaml.ScalarEvent):
            self._add(_scalar(event, where), where)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if event.tag is not None:
                raise InvalidContent(f"YAML tag {event.tag} is not supported ({where}).")
            child: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._add(child, where)
            self._open.append(child)
            self._keys.append(_NO_KEY)
            if len(self._open) > limits.SSM_DOCUMENT_DEPTH + 1:
                raise InvalidContent(f"Nested more than {limits.SSM_DOCUMENT_DEPTH} levels deep ({where}).")
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._open.pop()
            self._keys.pop()

    def _add(self, value: Any, where: str) -> None:
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif self._keys[-1] is _NO_KEY:
            if isinstance(value, dict | list):
                raise InvalidContent(f"A key must be a string ({where}).")
            key = value if isinstance(value, str) else json.dumps(value)
            if key in container:
                raise InvalidContent(f"Key {key!r} appears twice in one map ({where}).")
            self._keys[-1] = key
        else:
            container[self._keys[-1]] = value
            self._keys[-1] = _NO_KEY


def _scalar(event: yaml.ScalarEvent, where: str) -> Any:
    """A scalar by YAML 1.2's core schema: ``on`` and ``2024-01-01`` are strings, as they are to AWS."""
    text: str = event.value
    if event.tag == _STRING_TAG:
        return text
    if event.tag is not None:
        raise InvalidContent(f"YAML tag {event.tag} is not supported ({where}).")
    return _plain(text) if event.implicit[0] else text  # without quotes, and no block


def _plain(text: str) -> Any:
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text.lower() == "true"
    if _INT.match(text):
        return _whole(text)
    if _FLOAT.match(text):
        return _finite(text)
    return text
