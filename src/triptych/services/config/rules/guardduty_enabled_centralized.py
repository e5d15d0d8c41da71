"""GUARDDUTY_ENABLED_CENTRALIZED: GuardDuty watches the region, and reports to the account named, if one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Parameter, Verdict, non_compliant
from triptych.services.config.resource_type import Call
from triptych.services.config.rules._account import account_rule


async def _ask(call: Call, _item: Item) -> Mapping[str, Any]:
    detectors = []
    for number in (await call("guardduty", "ListDetectors", {})).get("DetectorIds") or ():
        asked = {"DetectorId": number}
        administrator = await call("guardduty", "GetAdministratorAccount", asked)
        detectors.append(
            {
                **await call("guardduty", "GetDetector", asked),
                "administrator": administrator.get("Administrator") or {},
            }
        )
    return {"detectors": detectors}


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    enabled = [each for each in item.supplementary["detectors"] if each.get("Status") == "ENABLED"]
    if not enabled:
        return non_compliant("GuardDuty is not enabled in the region.")
    central = parameters.get("CentralMonitoringAccount")
    if central and not any(each["administrator"].get("AccountId") == central for each in enabled):
        return non_compliant(f"GuardDuty does not report to the account {central}.")
    return COMPLIANT


_ON: dict[str, Any] = {
    "ListDetectors": {"DetectorIds": ["d"]},
    "GetDetector": {"Status": "ENABLED"},
    "GetAdministratorAccount": {},
}


RULE = account_rule(
    identifier="GUARDDUTY_ENABLED_CENTRALIZED",
    name="guardduty-enabled-centralized",
    parameters=(Parameter(name="CentralMonitoringAccount"),),
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(name="on", expect="COMPLIANT", replies=_ON),
        Case(name="off", expect="NON_COMPLIANT", replies={"ListDetectors": {"DetectorIds": []}}),
        Case(
            name="suspended", expect="NON_COMPLIANT", replies={**_ON, "GetDetector": {"Status": "DISABLED"}}
        ),
        Case(
            name="reports to another account",
            expect="NON_COMPLIANT",
            replies=_ON,
            parameters={"CentralMonitoringAccount": "111122223333"},
        ),
        Case(
            name="reports to the account",
            expect="COMPLIANT",
            replies={**_ON, "GetAdministratorAccount": {"Administrator": {"AccountId": "111122223333"}}},
            parameters={"CentralMonitoringAccount": "111122223333"},
        ),
    ),
)
