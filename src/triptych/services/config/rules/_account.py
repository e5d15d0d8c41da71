"""Rules about an account as a whole: judged periodically, by what its services answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import ACCOUNT, Asks, Case, ManagedRule, Parameter, Verdict
from triptych.services.config.resource_type import Call

__all__ = ["account_rule", "asking"]


def account_rule(
    *,
    identifier: str,
    name: str,
    asks: Asks,
    evaluate: Callable[[Item, Mapping[str, str]], Verdict],
    cases: tuple[Case, ...],
    parameters: tuple[Parameter, ...] = (),
) -> ManagedRule:
    """As ManagedRule; the cases every such rule has are added."""
    return ManagedRule(
        identifier=identifier,
        name=name,
        types=(ACCOUNT,),
        triggers=frozenset({"periodic"}),
        parameters=parameters,
        asks=asks,
        evaluate=evaluate,
        cases=(
            *cases,
            Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
            Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
        ),
    )


def asking(service: str, operation: str, member: str, *, none: Collection[str] = ()) -> Asks:
    """One call without parameters, for one member of its answer: ``answer`` in the item's ``supplementary``.

    :param none: codes of errors which say that there is nothing: ``answer`` is None.
    """

    async def ask(call: Call, _item: Item) -> Mapping[str, Any]:
        try:
            return {"answer": (await call(service, operation, {})).get(member)}
        except ServiceError as error:
            if error.code not in none:
                raise
            return {"answer": None}

    return ask
