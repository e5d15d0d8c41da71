"""IAM_PASSWORD_POLICY: the account's password policy asks for at least as much as the parameters do; AWS's own values where none are given."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Parameter, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule, asking
from triptych.services.config.rules._parameters import boolean, integer, is_true

_FLAGS = ("RequireUppercaseCharacters", "RequireLowercaseCharacters", "RequireSymbols", "RequireNumbers")
_LEAST = {"MinimumPasswordLength": 14, "PasswordReusePrevention": 24}
_MOST_DAYS = 90


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    policy = item.supplementary["answer"]
    if policy is None:
        return non_compliant("The account has no password policy.")
    for name in _FLAGS:
        if is_true(parameters.get(name, "true")) and not policy.get(name):
            return non_compliant(f"The password policy lacks {name}.")
    for name, least in _LEAST.items():
        wanted, found = int(parameters.get(name, least)), int(policy.get(name) or 0)
        if found < wanted:
            return non_compliant(f"The password policy has {name} {found}; at least {wanted} is wanted.")
    most, age = int(parameters.get("MaxPasswordAge", _MOST_DAYS)), int(policy.get("MaxPasswordAge") or 0)
    if not 0 < age <= most:
        return non_compliant(f"Passwords do not expire after {most} days at the latest.")
    return COMPLIANT


_STRICT = {
    "MinimumPasswordLength": 14,
    "PasswordReusePrevention": 24,
    "MaxPasswordAge": 90,
    **dict.fromkeys(_FLAGS, True),
}


def _replies(**changes: object) -> dict[str, object]:
    return {"GetAccountPasswordPolicy": {"PasswordPolicy": {**_STRICT, **changes}}}


RULE = account_rule(
    identifier="IAM_PASSWORD_POLICY",
    name="iam-password-policy",
    parameters=(
        *(Parameter(name=name, check=boolean) for name in _FLAGS),
        *(Parameter(name=name, check=integer) for name in (*_LEAST, "MaxPasswordAge")),
    ),
    asks=asking("iam", "GetAccountPasswordPolicy", "PasswordPolicy", none={"NoSuchEntity"}),
    evaluate=_evaluate,
    cases=(
        Case(name="strict", expect="COMPLIANT", replies=_replies()),
        Case(
            name="none",
            expect="NON_COMPLIANT",
            replies={"GetAccountPasswordPolicy": ServiceError("NoSuchEntity", "none")},
        ),
        Case(name="no symbols", expect="NON_COMPLIANT", replies=_replies(RequireSymbols=False)),
        Case(
            name="no symbols, which are not wanted",
            expect="COMPLIANT",
            replies=_replies(RequireSymbols=False),
            parameters={"RequireSymbols": "false"},
        ),
        Case(name="short", expect="NON_COMPLIANT", replies=_replies(MinimumPasswordLength=8)),
        Case(
            name="short, which is enough",
            expect="COMPLIANT",
            replies=_replies(MinimumPasswordLength=8),
            parameters={"MinimumPasswordLength": "8"},
        ),
        Case(
            name="old passwords again", expect="NON_COMPLIANT", replies=_replies(PasswordReusePrevention=None)
        ),
        Case(name="for good", expect="NON_COMPLIANT", replies=_replies(MaxPasswordAge=None)),
        Case(name="for too long", expect="NON_COMPLIANT", replies=_replies(MaxPasswordAge=120)),
    ),
)
