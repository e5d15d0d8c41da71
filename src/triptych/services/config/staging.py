"""How work about resources is staged, and how Config calls others: small pieces that captures and sweeps share."""

from __future__ import annotations

from functools import partial

from triptych.services.config.documents import RECORDERS
from triptych.services.config.item import item_key
from triptych.services.config.recording import records
from triptych.services.config.resource_type import Call, ResourceType
from triptych.services.contract import Ctx

__all__ = [
    "PRINCIPAL",
    "caller_in",
    "capture_soon",
    "evaluate_one_soon",
    "evaluate_soon",
    "recording_of",
    "sweep_soon",
]

PRINCIPAL = "config.amazonaws.com"


def caller_in(ctx: Ctx, region: str) -> Call:
    """``ctx.call`` as Config, in a region."""
    call: Call = partial(ctx.call, principal=PRINCIPAL, region=region)
    return call


def capture_soon(ctx: Ctx, kind: ResourceType, resource_id: str) -> None:
    """Stage the capture of one resource; absorbed by one that already waits.

    A type that locates itself has one runner for all regions, so its jobs live in the installation's region.
    """
    region = ctx.region if kind.located != "itself" else ctx.runtime.settings.region
    ctx.at(account=ctx.account, region=region, cause=ctx.context.because).job(
        "config.capture",
        {"type": kind.name, "id": resource_id},
        key=f"{ctx.account}/{region}/{item_key(kind.name, resource_id)}",
    )


def sweep_soon(ctx: Ctx, resource_type: str = "") -> None:
    """Stage a look at all resources here, or all of one type."""
    ctx.job(
        "config.sweep_region",
        {"type": resource_type},
        key=f"{ctx.account}/{ctx.region}/{resource_type}",
    )


async def recording_of(ctx: Ctx, resource_type: str) -> bool:
    """Whether a recorder of this account and region records the type now."""
    found = await ctx.unit.list(RECORDERS, account=ctx.account, region=ctx.region)
    return any(records(document.value, resource_type) for document in found)


def evaluate_soon(ctx: Ctx, rule_name: str) -> None:
    """Stage an evaluation of everything a rule looks at."""
    ctx.job("config.evaluate_rule", {"rule": rule_name}, key=f"{ctx.account}/{ctx.region}/{rule_name}")


def evaluate_one_soon(ctx: Ctx, rule_name: str, resource: str) -> None:
    """Stage an evaluation of one resource, for rules that ask others first."""
    body = {"rule": rule_name, "resource": resource}
    ctx.job("config.evaluate_rule", body, key=f"{ctx.account}/{ctx.region}/{rule_name}/{resource}")


def remediate_soon(ctx: Ctx, execution_key: str) -> None:
    """Stage the next step of a remediation; the execution itself says what that is."""
    ctx.job("config.remediation", {"key": execution_key}, key=f"{ctx.account}/{ctx.region}/{execution_key}")


def remediate_rule_soon(ctx: Ctx, rule_name: str) -> None:
    """Stage the automatic remediation of everything a rule finds NON_COMPLIANT."""
    ctx.job("config.remediate_rule", {"rule": rule_name}, key=f"{ctx.account}/{ctx.region}/{rule_name}")
