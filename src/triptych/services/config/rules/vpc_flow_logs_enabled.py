"""VPC_FLOW_LOGS_ENABLED: the network's traffic is logged: all of it, or the kind asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.resource_type import Call


async def _ask(call: Call, item: Item) -> Mapping[str, Any]:
    asked = {"Filter": [{"Name": "resource-id", "Values": [item.resource_id]}]}
    return {"logs": (await call("ec2", "DescribeFlowLogs", asked)).get("FlowLogs") or []}


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    wanted = parameters.get("trafficType")
    for log in item.supplementary["logs"]:
        if log.get("FlowLogStatus") == "ACTIVE" and (
            not wanted or log.get("TrafficType") in (wanted.upper(), "ALL")
        ):
            return COMPLIANT
    return non_compliant(
        f"No active flow log has the traffic {wanted}." if wanted else "No flow log is active."
    )


def _kinds(text: str) -> str:
    return "" if text.upper() in {"ACCEPT", "REJECT", "ALL"} else "ACCEPT, REJECT or ALL is expected"


def _replies(kind: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {"DescribeFlowLogs": {"FlowLogs": [{"FlowLogStatus": status, "TrafficType": kind}]}}


RULE = ManagedRule(
    identifier="VPC_FLOW_LOGS_ENABLED",
    name="vpc-flow-logs-enabled",
    types=("AWS::EC2::VPC",),
    triggers=frozenset({"periodic"}),
    parameters=(Parameter(name="trafficType", check=_kinds),),
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(name="all", expect="COMPLIANT", replies=_replies("ALL"), parameters={"trafficType": "REJECT"}),
        Case(
            name="the kind",
            expect="COMPLIANT",
            replies=_replies("REJECT"),
            parameters={"trafficType": "REJECT"},
        ),
        Case(
            name="another kind",
            expect="NON_COMPLIANT",
            replies=_replies("ACCEPT"),
            parameters={"trafficType": "REJECT"},
        ),
        Case(name="any kind", expect="COMPLIANT", replies=_replies("ACCEPT")),
        Case(name="not active", expect="NON_COMPLIANT", replies=_replies("ALL", "FAILED")),
        Case(name="none", expect="NON_COMPLIANT", replies={"DescribeFlowLogs": {"FlowLogs": []}}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
