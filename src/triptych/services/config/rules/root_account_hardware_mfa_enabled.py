"""ROOT_ACCOUNT_HARDWARE_MFA_ENABLED: the root user's second factor is a device of its own, no program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Verdict, non_compliant
from triptych.services.config.resource_type import Call
from triptych.services.config.rules._account import account_rule

_VIRTUAL = ":mfa/root-account-mfa-device"


async def _ask(call: Call, _item: Item) -> Mapping[str, Any]:
    summary = (await call("iam", "GetAccountSummary", {}))["SummaryMap"]
    devices: list[Any] = []
    asked: dict[str, Any] = {"AssignmentStatus": "Assigned"}
    while True:
        page = await call("iam", "ListVirtualMFADevices", asked)
        devices += page["VirtualMFADevices"]
        if not page.get("IsTruncated"):
            return {"summary": summary, "devices": devices}
        asked["Marker"] = page["Marker"]


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    if not item.supplementary["summary"].get("AccountMFAEnabled"):
        return non_compliant("The root user has no MFA device.")
    if any(device["SerialNumber"].endswith(_VIRTUAL) for device in item.supplementary["devices"]):
        return non_compliant("The root user has a virtual MFA device.")
    return COMPLIANT


def _replies(*pages: list[str], enabled: int = 1) -> dict[str, object]:
    listed = [
        {
            "VirtualMFADevices": [{"SerialNumber": serial} for serial in page],
            "IsTruncated": number < len(pages),
            "Marker": "m",
        }
        for number, page in enumerate(pages, start=1)
    ]
    return {
        "GetAccountSummary": {"SummaryMap": {"AccountMFAEnabled": enabled}},
        "ListVirtualMFADevices": listed,
    }


RULE = account_rule(
    identifier="ROOT_ACCOUNT_HARDWARE_MFA_ENABLED",
    name="root-account-hardware-mfa-enabled",
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(name="a device", expect="COMPLIANT", replies=_replies(["arn:aws:iam::1:mfa/somebody"])),
        Case(name="none", expect="NON_COMPLIANT", replies=_replies([], enabled=0)),
        Case(
            name="a program, on the second page",
            expect="NON_COMPLIANT",
            replies=_replies(["arn:x"], ["arn:aws:iam::1" + _VIRTUAL]),
        ),
    ),
)
