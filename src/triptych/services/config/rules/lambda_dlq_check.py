"""LAMBDA_DLQ_CHECK: a function has a dead-letter queue, one of those asked for if any."""

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
from triptych.services.config.rules._parameters import values


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    target = ((item.configuration or {}).get("deadLetterConfig") or {}).get("targetArn")
    wanted = values(parameters.get("dlqArns"))
    if not target:
        return non_compliant("The function has no dead-letter queue.")
    return (
        non_compliant(f"The dead-letter queue is {target}.") if wanted and target not in wanted else COMPLIANT
    )


RULE = ManagedRule(
    identifier="LAMBDA_DLQ_CHECK",
    name="lambda-dlq-check",
    types=("AWS::Lambda::Function",),
    parameters=(Parameter(name="dlqArns"),),
    evaluate=_evaluate,
    cases=(
        Case(name="none", expect="NON_COMPLIANT", configuration={"deadLetterConfig": None}),
        Case(name="one", expect="COMPLIANT", configuration={"deadLetterConfig": {"targetArn": "arn:q"}}),
        Case(
            name="one asked for",
            expect="COMPLIANT",
            configuration={"deadLetterConfig": {"targetArn": "arn:q"}},
            parameters={"dlqArns": "arn:p,arn:q"},
        ),
        Case(
            name="another",
            expect="NON_COMPLIANT",
            configuration={"deadLetterConfig": {"targetArn": "arn:q"}},
            parameters={"dlqArns": "arn:p"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
