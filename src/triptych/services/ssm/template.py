"""References in documents: ``{{ BucketName }}``, ``{{ step.Output }}``, ``{{ global:DATE }}``. Pure.

A string that is one reference becomes the value itself, whatever its type; inside a longer string a value is
written as text. What a reference brought in is never searched for references again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["is_open", "references", "substitute", "text_of", "whole_reference"]

_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_NAME = re.compile(
    r"\s*((?:global|automation|variable|ssm|ssm-secure):[A-Za-z0-9_./-]+|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_.-]+)?)\s*\Z"
)

Resolve = Callable[[str], Any]
"""From a reference's name to its value; raises KeyError when there is none."""


def references(value: Any) -> Iterator[str]:
    """The names of every reference in a value, keys of maps included, in reading order."""
    if isinstance(value, str):
        for match in _BRACES.finditer(value):
            if name := _name(match[1]):
                yield name
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from references(key)
            yield from references(item)


def is_open(value: Any) -> bool:
    """Whether a value still holds references, so that it cannot be checked yet."""
    return next(references(value), None) is not None


def whole_reference(value: Any) -> str | None:
    """The name if a value is one reference and nothing else."""
    if isinstance(value, str) and (match := _BRACES.fullmatch(value.strip())):
        return _name(match[1])
    return None


def substitute(value: Any, resolve: Resolve) -> Any:
    """The value with every reference replaced.

    A list's element that is one reference to a list is spliced in (``InstanceIds: ["{{ launch.InstanceIds }}"]``,
    as AWS does). Braces that hold no reference (``{{resolve:secretsmanager:...}}``) stay.
    """
    if isinstance(value, str):
        if name := whole_reference(value):
            return resolve(name)
        return _BRACES.sub(lambda match: _filled(match, resolve), value)
    if isinstance(value, list):
        items: list[Any] = []
        for item in value:
            new = substitute(item, resolve)
            if isinstance(new, list) and whole_reference(item):
                items.extend(new)
            else:
                items.append(new)
        return items
    if isinstance(value, dict):
        return {text_of(substitute(k, resolve)): substitute(v, resolve) for k, v in value.items()}
    return value


def text_of(value: Any) -> str:
    """A value inside a longer text: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _filled(match: re.Match[str], resolve: Resolve) -> str:
    name = _name(match[1])
    return text_of(resolve(name)) if name else match[0]


def _name(inner: str) -> str | None:
    match = _NAME.match(inner)
    return match[1] if match else None
