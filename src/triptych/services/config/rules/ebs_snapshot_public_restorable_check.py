"""EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK: no snapshot of the account can be restored by everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Verdict, non_compliant
from triptych.services.config.resource_type import Call
from triptych.services.config.rules._account import account_rule


async def _ask(call: Call, _item: Item) -> Mapping[str, Any]:
    asked = {"OwnerIds": ["self"], "RestorableByUserIds": ["all"]}
    return {"snapshots": (await call("ec2", "DescribeSnapshots", asked)).get("Snapshots") or []}


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    public = [snapshot["SnapshotId"] for snapshot in item.supplementary["snapshots"]]
    if not public:
        return COMPLIANT
    more = f" and {len(public) - 5} more" if len(public) > 5 else ""
    return non_compliant(f"Everybody can restore {', '.join(public[:5])}{more}.")


RULE = account_rule(
    identifier="EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK",
    name="ebs-snapshot-public-restorable-check",
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(name="none", expect="COMPLIANT", replies={"DescribeSnapshots": {"Snapshots": []}}),
        Case(
            name="many",
            expect="NON_COMPLIANT",
            replies={
                "DescribeSnapshots": {"Snapshots": [{"SnapshotId": f"snap-{n:017x}"} for n in range(9)]}
            },
        ),
    ),
)
