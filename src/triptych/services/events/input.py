"""What a target is sent: the event, a part of it, constant text, or a template filled in. Pure.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["InvalidInput", "check_path", "check_target_input", "payload"]

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^'\]]+)'\]|\[\"([^\"\]]+)\"\]")
_PLACE = re.compile(r"<([A-Za-z0-9_.-]+)>")
_OURS = {
    "aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event",
    "aws.events.event.json",
}  # fmt: skip


class InvalidInput(ValueError):  # noqa: N818 - PutTargets turns it into a failed entry
    """What is wrong with InputPath, InputTransformer or Input."""


def check_path(path: str) -> list[str | int]:
    """The steps of a JSONPath (``$.detail.list[0]['odd name']``); raises InvalidInput."""
    if not path.startswith("$"):
        raise InvalidInput(f"Invalid JSONPath: {path} must begin with $.")
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise InvalidInput(f"Invalid JSONPath: {path} cannot be read from character {at + 1}.")
        name, index, *quoted = step.groups()
        steps.append(int(index) if index is not None else name or quoted[0] or quoted[1])
        at = step.end()
    return steps


_NOTHING = object()


def _at(event: Any, path: str) -> Any:
    for step in check_path(path):
        if isinstance(step, int):
            if not isinstance(event, list) or step >= len(event):
                return _NOTHING
        elif not isinstance(event, Mapping) or step not in event:
            return _NOTHING
        event = event[step]
    return event


def check_target_input(target: Mapping[str, Any]) -> None:
    """Raises InvalidInput when a target's input members contradict each other or cannot be read."""
    given = [name for name in ("Input", "InputPath", "InputTransformer") if target.get(name)]
    if len(given) > 1:
        raise InvalidInput(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        )
    if target.get("Input"):
        try:
            json.loads(target["Input"])
        except (ValueError, RecursionError):
            raise InvalidInput(f"JSON syntax error in input for target {target['Id']}") from None
    if target.get("InputPath"):
        check_path(target["InputPath"])
    if transformer := target.get("InputTransformer"):
        paths = transformer.get("InputPathsMap") or {}
        for name, path in paths.items():
            if name.lower().startswith("aws"):
                raise InvalidInput(f"InputPathsMap names must not begin with AWS: {name}.")
            check_path(path)
        known = set(paths) | _OURS
        for name in _PLACE.findall(transformer["InputTemplate"]):
            if name not in known:
                raise InvalidInput(
                    f"Invalid InputTemplate for target {target['Id']} : placeholder {name} is not defined in the "
                    "InputPathsMap."
                )


def payload(target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str, rule_name: str) -> str:
    """The text a target is sent."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        found = _at(event, target["InputPath"])
        return _json({} if found is _NOTHING else found)
    if transformer := target.get("InputTransformer"):
        return _filled(transformer, event, rule_arn, rule_name)
    return _json(event)


def _filled(transformer: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str, rule_name: str) -> str:
    paths = transformer.get("InputPathsMap") or {}
    ours = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event.get("time"),
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }

    def value(name: str) -> Any:
        if name in ours:
            return ours[name]
        return _at(event, paths[name]) if name in paths else _NOTHING

    return _substituted(str(transformer["InputTemplate"]), value)


def _substituted(template: str, value: Callable[[str], Any]) -> str:
    """Placeholders replaced: as JSON where they stand alone, as text where they stand within quotes.

    What is not there is ``null`` alone and nothing within quotes.
    """
    pieces: list[str] = []
    at, quoted = 0, False
    for place in _PLACE.finditer(template):
        between = template[at : place.start()]
        quoted ^= _unescaped_quotes(between) % 2 == 1
        found = value(place.group(1))
        pieces += [between, _within_quotes(found) if quoted else _json(None if found is _NOTHING else found)]
        at = place.end()
    return "".join(pieces) + template[at:]


def _unescaped_quotes(text: str) -> int:
    return len(re.findall(r'"', re.sub(r"\\.", "", text)))


def _within_quotes(found: Any) -> str:
    if found is _NOTHING:
        return ""
    text = found if isinstance(found, str) else _json(found)
    return _json(text)[1:-1]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
