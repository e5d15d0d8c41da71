"""CLOUDWATCH_ALARM_ACTION_CHECK: an alarm has an action for the states asked for, and one of those asked for if any."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._parameters import boolean, is_true

_STATES = (
    ("alarmActionRequired", "alarmActions", "ALARM"),
    ("insufficientDataActionRequired", "insufficientDataActions", "INSUFFICIENT_DATA"),
    ("okActionRequired", "okactions", "OK"),
)
_DEFAULTS = {
    "alarmActionRequired": "true",
    "insufficientDataActionRequired": "true",
    "okActionRequired": "false",
}
_ACTIONS = tuple(f"action{number}" for number in range(1, 6))
_BOTH = {"alarmActions": ["arn:a"], "insufficientDataActions": ["arn:b"], "okactions": []}


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    alarm = item.configuration or {}
    for name, member, state in _STATES:
        if is_true(parameters.get(name, _DEFAULTS[name])) and not alarm.get(member):
            return non_compliant(f"The alarm has no action for the state {state}.")
    wanted = {parameters[name] for name in _ACTIONS if parameters.get(name)}
    has = {action for _, member, _ in _STATES for action in alarm.get(member) or ()}
    if wanted and not wanted & has:
        return non_compliant("The alarm has none of the actions asked for.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="CLOUDWATCH_ALARM_ACTION_CHECK",
    name="cloudwatch-alarm-action-check",
    types=("AWS::CloudWatch::Alarm",),
    parameters=(
        *(Parameter(name=name, check=boolean) for name in _DEFAULTS),
        *(Parameter(name=name) for name in _ACTIONS),
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="none", expect="NON_COMPLIANT", configuration={"alarmActions": []}),
        Case(name="both that count", expect="COMPLIANT", configuration=_BOTH),
        Case(name="one of two", expect="NON_COMPLIANT", configuration={"alarmActions": ["arn:a"]}),
        Case(
            name="one of one",
            expect="COMPLIANT",
            configuration={"alarmActions": ["arn:a"]},
            parameters={"insufficientDataActionRequired": "false"},
        ),
        Case(
            name="OK too",
            expect="NON_COMPLIANT",
            configuration=_BOTH,
            parameters={"okActionRequired": "true"},
        ),
        Case(
            name="an action asked for",
            expect="COMPLIANT",
            configuration=_BOTH,
            parameters={"action1": "arn:x", "action5": "arn:b"},
        ),
        Case(
            name="no action asked for",
            expect="NON_COMPLIANT",
            configuration=_BOTH,
            parameters={"action1": "arn:x"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
