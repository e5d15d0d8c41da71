"""LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED: a function's policy lets nobody invoke it who could be anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant
from triptych.services.config.rules._policy import allows_everybody, many, statements

_CALLS = ("lambda:invokefunction", "lambda:invokeasync", "lambda:getfunction", "lambda:updatefunctioncode")
_S3 = "s3.amazonaws.com"


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    for one in statements(item.supplementary.get("Policy")):
        if allows_everybody(one, _CALLS):
            return non_compliant("The function policy allows public access.")
        if one.get("Effect") == "Allow" and _S3 in _services(one) and not _names_account(one):
            return non_compliant("The function policy lets S3 invoke it for any account.")
    return COMPLIANT


def _services(statement: Mapping[str, Any]) -> list[Any]:
    principal = statement.get("Principal")
    return many(principal.get("Service")) if isinstance(principal, dict) else []


def _names_account(statement: Mapping[str, Any]) -> bool:
    """Names of buckets are free again once deleted: only the account says whose bucket it is."""
    return any(
        key.lower() == "aws:sourceaccount"
        for keys in (statement.get("Condition") or {}).values()
        for key in keys
    )


def _policy(**statement: object) -> dict[str, object]:
    whole = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "arn:f"}
    return {"Policy": json.dumps({"Statement": [whole | statement]})}


RULE = ManagedRule(
    identifier="LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
    name="lambda-function-public-access-prohibited",
    types=("AWS::Lambda::Function",),
    evaluate=_evaluate,
    cases=(
        Case(name="no policy", expect="COMPLIANT", supplementary={"Policy": None}),
        Case(
            name="one account",
            expect="COMPLIANT",
            supplementary=_policy(Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        ),
        Case(name="everybody", expect="NON_COMPLIANT", supplementary=_policy(Principal="*")),
        Case(
            name="everybody, in other words",
            expect="NON_COMPLIANT",
            supplementary=_policy(Principal={"AWS": "*"}),
        ),
        Case(
            name="everybody of one organization",
            expect="COMPLIANT",
            supplementary=_policy(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        ),
        Case(
            name="another service",
            expect="COMPLIANT",
            supplementary=_policy(Principal={"Service": "events.amazonaws.com"}),
        ),
        Case(
            name="S3 of any account",
            expect="NON_COMPLIANT",
            supplementary=_policy(
                Principal={"Service": "s3.amazonaws.com"},
                Condition={"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}},
            ),
        ),
        Case(
            name="S3 of one account",
            expect="COMPLIANT",
            supplementary=_policy(
                Principal={"Service": "s3.amazonaws.com"},
                Condition={"StringEquals": {"AWS:SourceAccount": "123456789012"}},
            ),
        ),
        Case(name="a denial", expect="COMPLIANT", supplementary=_policy(Effect="Deny", Principal="*")),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
