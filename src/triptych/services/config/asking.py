"""Rules that ask: what they find out is put into the item they judge."""

from __future__ import annotations

import msgspec

from triptych.services.config.documents import Rule
from triptych.services.config.item import Item, later_than
from triptych.services.config.managed_rule import ACCOUNT, EVALUATED
from triptych.services.config.parts import RULES
from triptych.services.config.staging import caller_in
from triptych.services.config.verdicts import in_scope
from triptych.services.contract import Ctx

__all__ = ["account_item", "asked", "asks"]


def asks(rule: Rule) -> bool:
    return RULES[rule.identifier].asks is not None


def account_item(ctx: Ctx) -> Item:
    """The account itself as something to judge; it is in no inventory."""
    return Item(
        account=ctx.account,
        region=ctx.region,
        resource_type=ACCOUNT,
        resource_id=ctx.account,
        resource_name=ctx.account,
        arn=f"arn:aws:iam::{ctx.account}:root",
        status="OK",
        captured=later_than(None, ctx.now),
        configuration={},
    )


async def asked(ctx: Ctx, rule: Rule, item: Item) -> Item | None:
    """The item with what the rule asks for; None: it is gone. Raises ServiceError as others answered."""
    ask = RULES[rule.identifier].asks
    if ask is None or item.is_deleted or not in_scope(rule, item):
        return item
    found = await ask(caller_in(ctx, ctx.region), item)
    if found is None:
        return None
    more = {**item.supplementary, **found, EVALUATED: ctx.runtime.clock.now()}
    return msgspec.structs.replace(item, supplementary=more)
