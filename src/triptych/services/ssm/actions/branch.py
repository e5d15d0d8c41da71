"""``aws:branch``: choose the next step by comparing values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from triptych.services.ssm import template
from triptych.services.ssm.action import Action, Attempt, Case, Done, InvalidInputs, check_keys

_LOGIC = ("And", "Or", "Not")


def _texts(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda variable, wanted: compare(template.text_of(variable), template.text_of(wanted))


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    return lambda variable, wanted: compare(_number(variable), _number(wanted))


def _number(value: Any) -> float:
    try:
        if isinstance(value, bool):
            raise ValueError(value)
        return float(value)
    except (TypeError, ValueError) as error:
        raise InvalidInputs(f"{template.text_of(value)[:100]!r} is no number") from error


def _boolean(value: Any) -> bool:
    text = template.text_of(value).lower()
    if text not in ("true", "false"):
        raise InvalidInputs(f"{text[:100]!r} is neither true nor false")
    return text == "true"


_OPERATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "StringEquals": _texts(lambda a, b: a == b),
    "EqualsIgnoreCase": _texts(lambda a, b: a.lower() == b.lower()),
    "StartsWith": _texts(str.startswith),
    "EndsWith": _texts(str.endswith),
    "Contains": _texts(lambda a, b: b in a),
    "NumericEquals": _numbers(lambda a, b: a == b),
    "NumericGreater": _numbers(lambda a, b: a > b),
    "NumericLesser": _numbers(lambda a, b: a < b),
    "NumericGreaterOrEquals": _numbers(lambda a, b: a >= b),
    "NumericLesserOrEquals": _numbers(lambda a, b: a <= b),
    "BooleanEquals": lambda variable, wanted: _boolean(variable) == _boolean(wanted),
}


def check(inputs: Mapping[str, Any]) -> None:
    check_keys(inputs, required={"Choices"}, optional=frozenset({"Default"}))
    choices = inputs["Choices"]
    if not isinstance(choices, list) or not choices:
        raise InvalidInputs("input Choices must be a list of at least one choice")
    for i, choice in enumerate(choices):
        where = f"Choices[{i}]"
        if not isinstance(choice, dict) or not isinstance(choice.get("NextStep"), str):
            raise InvalidInputs(f"{where} needs a NextStep")
        _check_rule({k: v for k, v in choice.items() if k != "NextStep"}, where)
    if not isinstance(inputs.get("Default", ""), str):
        raise InvalidInputs("input Default must be the name of a step")


def _check_rule(rule: Any, where: str) -> None:
    if not isinstance(rule, dict):
        raise InvalidInputs(f"{where} must be a map")
    logic = [word for word in _LOGIC if word in rule]
    if logic:
        if len(rule) != 1:
            raise InvalidInputs(f"{where} takes nothing beside {logic[0]}")
        inner = rule[logic[0]]
        if logic[0] == "Not":
            return _check_rule(inner, f"{where}.Not")
        if not isinstance(inner, list) or not inner:
            raise InvalidInputs(f"{where}.{logic[0]} must be a list of at least one rule")
        for i, one in enumerate(inner):
            _check_rule(one, f"{where}.{logic[0]}[{i}]")
        return None
    operations = [name for name in rule if name != "Variable"]
    if "Variable" not in rule:
        raise InvalidInputs(f"{where} needs a Variable")
    if len(operations) != 1 or operations[0] not in _OPERATIONS:
        raise InvalidInputs(f"{where} needs one operation of {', '.join(_OPERATIONS)}")
    return None


def steps(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    names = [choice["NextStep"] for choice in inputs["Choices"]]
    return (*names, inputs["Default"]) if inputs.get("Default") else tuple(names)


async def run(attempt: Attempt) -> Done:
    """The first choice that holds; else Default; else the usual order goes on."""
    for choice in attempt.inputs["Choices"]:
        if _holds({k: v for k, v in choice.items() if k != "NextStep"}):
            return Done(next_step=choice["NextStep"])
    return Done(next_step=attempt.inputs.get("Default") or "")


def _holds(rule: Mapping[str, Any]) -> bool:
    if "And" in rule:
        return all(_holds(one) for one in rule["And"])
    if "Or" in rule:
        return any(_holds(one) for one in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"])
    name = next(key for key in rule if key != "Variable")
    return _OPERATIONS[name](rule["Variable"], rule[name])


def _choose(variable: Any, **operation: Any) -> dict[str, Any]:
    return {"Choices": [{"NextStep": "chosen", "Variable": variable, **operation}], "Default": "other"}


def _cases() -> tuple[Case, ...]:
    table: list[tuple[Any, str, Any, bool]] = [
        ("Windows", "StringEquals", "Windows", True),
        ("Windows", "StringEquals", "windows", False),
        ("Windows", "EqualsIgnoreCase", "windows", True),
        ("Windows", "EqualsIgnoreCase", "linux", False),
        ("arn:aws:s3", "StartsWith", "arn:", True),
        ("arn:aws:s3", "StartsWith", "aws", False),
        ("a.yaml", "EndsWith", ".yaml", True),
        ("a.yaml", "EndsWith", ".yml", False),
        (["sgr-1"], "Contains", "sgr-", True),
        ([], "Contains", "sgr-", False),
        (3, "NumericEquals", "3", True),
        (3, "NumericEquals", 4, False),
        ("5", "NumericGreater", 4, True),
        (4, "NumericGreater", 4, False),
        (3.5, "NumericLesser", 4, True),
        (4, "NumericLesser", 4, False),
        (4, "NumericGreaterOrEquals", 4, True),
        (3, "NumericGreaterOrEquals", 4, False),
        (4, "NumericLesserOrEquals", 4, True),
        (5, "NumericLesserOrEquals", 4, False),
        (True, "BooleanEquals", "true", True),
        ("True", "BooleanEquals", False, False),
    ]
    return tuple(
        Case(
            name=f"{variable!r} {name} {wanted!r}",
            inputs=_choose(variable, **{name: wanted}),
            outcome=Done(next_step="chosen" if holds else "other"),
        )
        for variable, name, wanted, holds in table
    )


_A = {"Variable": "a", "StringEquals": "a"}
_B = {"Variable": "a", "StringEquals": "b"}

ACTION = Action(
    name="aws:branch",
    check=check,
    run=run,
    steps=steps,
    cases=(
        *_cases(),
        Case(
            name="the first that holds",
            inputs={
                "Choices": [{"NextStep": "one", **_B}, {"NextStep": "two", **_A}, {"NextStep": "six", **_A}]
            },
            outcome=Done(next_step="two"),
        ),
        Case(
            name="none holds and no default", inputs={"Choices": [{"NextStep": "one", **_B}]}, outcome=Done()
        ),
        Case(
            name="and, or, not",
            inputs={
                "Choices": [
                    {"NextStep": "one", "And": [_A, _B]},
                    {"NextStep": "two", "And": [{"Or": [_B, _A]}, {"Not": _B}]},
                ]
            },
            outcome=Done(next_step="two"),
        ),
        Case(name="no choices", inputs={"Choices": []}, refused="at least one choice"),
        Case(name="no next step", inputs={"Choices": [_A]}, refused="needs a NextStep"),
        Case(
            name="no variable",
            inputs={"Choices": [{"NextStep": "x", "Contains": "a"}]},
            refused="needs a Variable",
        ),
        Case(name="unknown operation", inputs=_choose("a", Like="b"), refused="needs one operation of"),
        Case(name="a text is no number", inputs=_choose("a", NumericEquals=1), refused="'a' is no number"),
        Case(
            name="a text is no boolean",
            inputs=_choose("a", BooleanEquals=True),
            refused="neither true nor false",
        ),
    ),
)
