"""What a PutConfigRule asks for, checked and turned into a Rule's parts. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from triptych.kernel.errors import ServiceError
from triptych.services.config.managed_rule import ManagedRule
from triptych.services.config.parts import KNOWN_RULES, RULES

__all__ = ["RuleInput", "parameters_of", "refuse", "rule_input"]


class RuleInput(NamedTuple):
    managed: ManagedRule
    description: str
    scope: dict[str, Any] | None
    parameters: str
    frequency: str


def rule_input(wanted: Mapping[str, Any]) -> RuleInput:
    """Raises InvalidParameterValueException for what AWS refuses, and names what is not built."""
    _check_reserved(wanted)
    managed = _managed(wanted["Source"])
    scope = _scope(wanted.get("Scope"))
    text = wanted.get("InputParameters") or ""
    _check_parameters(managed, parameters_of(text))
    frequency = wanted.get("MaximumExecutionFrequency") or ""
    if frequency and "periodic" not in managed.triggers:
        raise refuse(
            "A maximum execution frequency is not allowed because the rule "
            f"{managed.identifier} is triggered only by configuration changes."
        )
    return RuleInput(managed, wanted.get("Description") or "", scope, text, frequency)


def _check_reserved(wanted: Mapping[str, Any]) -> None:
    if wanted.get("CreatedBy"):
        raise refuse(
            "AWS Config populates the CreatedBy field for ServiceLinkedConfigRule. Try again without populating the "
            "CreatedBy field."
        )
    if wanted.get("ConfigRuleState", "ACTIVE") != "ACTIVE":
        raise refuse(
            f"The ConfigRuleState {wanted['ConfigRuleState']} is invalid. Only the following values are permitted: ACTIVE."
        )
    if any(mode.get("Mode") == "PROACTIVE" for mode in wanted.get("EvaluationModes") or ()):
        raise refuse("Triptych does not evaluate rules in the mode PROACTIVE yet; only DETECTIVE.")
    if wanted.get("RuleEvaluationVisibility") == "INTERNAL":
        raise refuse("The rule evaluation visibility INTERNAL is reserved to service-linked rules.")


def _managed(source: Mapping[str, Any]) -> ManagedRule:
    owner, identifier = source["Owner"], source.get("SourceIdentifier") or ""
    if owner != "AWS":
        raise refuse(
            f"Triptych does not run rules of the owner {owner} yet. Built rules of the owner AWS: {_built()}."
        )
    if not identifier:
        raise refuse("SourceIdentifier cannot be null or empty when the owner is AWS.")
    if source.get("SourceDetails"):
        raise refuse(
            "SourceDetails should be null/empty if the owner is AWS. If the owner is not AWS, SourceDetails should be "
            "provided."
        )
    if source.get("CustomPolicyDetails"):
        raise refuse("CustomPolicyDetails should be null if the owner is AWS.")
    if identifier in RULES:
        return RULES[identifier]
    if identifier in KNOWN_RULES:
        raise refuse(
            f"Triptych does not evaluate the managed rule {identifier} yet. Built rules: {_built()}."
        )
    raise refuse(
        f"The sourceIdentifier {identifier} is invalid. Please refer to the documentation for a list of valid "
        "sourceIdentifiers that can be used when AWS is the Owner."
    )


def _built() -> str:
    return ", ".join(sorted(RULES))


def _scope(scope: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if scope is None:
        return None
    types, key = scope.get("ComplianceResourceTypes") or (), scope.get("TagKey")
    if scope.get("ComplianceResourceId") and len(types) != 1:
        raise refuse(
            "A ComplianceResourceId in the scope needs exactly one resource type in ComplianceResourceTypes."
        )
    if scope.get("TagValue") and not key:
        raise refuse("Tag key should not be empty when tag value is provided in scope.")
    if key and types:
        raise refuse("Scope cannot be applied to both resource and tag.")
    if scope.get("ServicePrincipals"):
        raise refuse("ServicePrincipals in the scope is reserved to service-linked rules.")
    return dict(scope)


def parameters_of(text: str) -> dict[str, str]:
    """InputParameters as a map; values that are numbers or booleans in the JSON become their text."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or any(isinstance(value, dict | list) for value in found.values()):
        raise refuse(f"Invalid json {text} passed in the InputParameters field.")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}


def _check_parameters(managed: ManagedRule, given: Mapping[str, str]) -> None:
    declared = {parameter.name: parameter for parameter in managed.parameters}
    unknown = {name: value for name, value in given.items() if name not in declared}
    if unknown:
        raise refuse(f"Unknown parameters provided in the inputParameters: {json.dumps(unknown)}.")
    for name, parameter in declared.items():
        if name not in given:
            if parameter.required:
                raise refuse(f"The required parameter [{name}] is not present in the inputParameters.")
        elif problem := parameter.check(given[name]):
            raise refuse(f"The value {given[name]} of the parameter {name} is invalid: {problem}.")


def refuse(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message)
