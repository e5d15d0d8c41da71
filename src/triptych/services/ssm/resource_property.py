"""One property of an AWS call's reply, compared with desired values: what assert and wait share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from triptych.services.ssm import api_call, selector, template
from triptych.services.ssm.action import Attempt, InvalidInputs

__all__ = ["Look", "check", "look"]

_OWN = ("PropertySelector", "DesiredValues")


class Look(NamedTuple):
    """What was seen.

    :param shown: the property as text for messages; empty when the reply does not have it.
    """

    matches: bool
    present: bool
    shown: str


def check(inputs: Mapping[str, Any]) -> None:
    """PropertySelector is a JSONPath, DesiredValues a list of single values, the rest a call."""
    path, desired = inputs.get("PropertySelector"), inputs.get("DesiredValues")
    if not isinstance(path, str):
        raise InvalidInputs("input PropertySelector is required")
    if not template.is_open(path):
        try:
            selector.parse(path)
        except selector.InvalidSelector as error:
            raise InvalidInputs(f"PropertySelector: {error}") from error
    if not template.whole_reference(desired) and (not isinstance(desired, list) or not desired):
        raise InvalidInputs("input DesiredValues must be a list of at least one value")
    api_call.check(_call(inputs))


async def look(attempt: Attempt) -> Look:
    """Make the call and compare.

    Values are compared as text, booleans without case. A list (from a wildcard or a filter) matches when it is
    not empty and each of its values is desired, or when its JSON text is: ``[]`` asks for none.
    """
    reply = await api_call.make(_call(attempt.inputs), attempt.call)
    try:
        value = selector.select(selector.parse(attempt.inputs["PropertySelector"]), reply)
    except selector.Missing:
        return Look(matches=False, present=False, shown="")
    except selector.InvalidSelector as error:
        raise InvalidInputs(f"PropertySelector: {error}") from error
    desired = {_text(one) for one in attempt.inputs["DesiredValues"]}
    each = isinstance(value, list) and value and all(_text(one) in desired for one in value)
    return Look(
        matches=bool(each) or _text(value) in desired, present=True, shown=template.text_of(value)[:1000]
    )


def _call(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in _OWN}


def _text(value: Any) -> str:
    text = template.text_of(value)
    return text.lower() if text.lower() in ("true", "false") else text
