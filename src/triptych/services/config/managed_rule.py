"""What an AWS managed rule declares: its types, its parameters and a pure evaluation, with cases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from triptych.services.config.documents import Compliance
from triptych.services.config.item import Item
from triptych.services.config.resource_type import Call

__all__ = [
    "ACCOUNT",
    "COMPLIANT",
    "EVALUATED",
    "NOT_APPLICABLE",
    "Asks",
    "Case",
    "ManagedRule",
    "Parameter",
    "Verdict",
    "non_compliant",
]


ACCOUNT = "AWS::::Account"
"""The type of verdicts on an account as a whole; its resource id is the account's."""
EVALUATED = "EvaluationTime"
"""Under which an asking rule finds what time it is."""

Asks = Callable[[Call, Item], Awaitable[Mapping[str, Any] | None]]


class Verdict(NamedTuple):
    compliance: Compliance
    annotation: str = ""


COMPLIANT = Verdict("COMPLIANT")
NOT_APPLICABLE = Verdict("NOT_APPLICABLE")


def non_compliant(annotation: str) -> Verdict:
    """``annotation`` says why, for people; AWS shows at most 256 characters."""
    return Verdict("NON_COMPLIANT", annotation[:256])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One InputParameters member; ``check`` says what is wrong with a value, or nothing."""

    name: str
    required: bool = False
    check: Callable[[str], str] = lambda _value: ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An item's parts and the verdict they must get."""

    name: str
    expect: Compliance
    configuration: Mapping[str, object] | None = None
    supplementary: Mapping[str, object] | None = None
    replies: Mapping[str, Any] | None = None
    """For a rule that asks: operation -> the reply, the ServiceError, or a sequence of them, one after the other."""
    parameters: Mapping[str, str] | None = None
    resource_type: str = ""
    """Another type than the rule's first, to see that the rule leaves it alone."""
    tags: Mapping[str, str] | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedRule:
    """One rule AWS manages.

    :param identifier: SourceIdentifier: ``INCOMING_SSH_DISABLED``.
    :param name: the rule's name in AWS's catalogue: ``restricted-ssh``.
    :param asks: the calls that find out what no item says, made each time before ``evaluate``, which has what they
        return in the item's ``supplementary``, with ``EVALUATED``; None: the resource is gone.
    :param evaluate: (item of one of ``types``, not deleted; parameters as given) -> verdict; pure.
    """

    identifier: str
    name: str
    types: tuple[str, ...]
    triggers: frozenset[Literal["change", "periodic"]] = frozenset({"change"})
    parameters: tuple[Parameter, ...] = ()
    asks: Asks | None = None
    evaluate: Callable[[Item, Mapping[str, str]], Verdict]
    cases: tuple[Case, ...]

    def judge(self, item: Item, parameters: Mapping[str, str]) -> Verdict:
        """The verdict on any item: what the rule does not look at, or what is gone, is not applicable."""
        if item.is_deleted or item.resource_type not in self.types:
            return NOT_APPLICABLE
        return self.evaluate(item, parameters)
