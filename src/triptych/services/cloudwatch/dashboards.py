"""PutDashboard, GetDashboard, ListDashboards, DeleteDashboards."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch import tags as tag_room
from triptych.services.cloudwatch.dashboard import DASHBOARDS, Dashboard, Finding, findings
from triptych.services.contract import Ctx, operation

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_NAME_CHARACTERS = 255
_PAGE = 1000


def _arn(ctx: Ctx, name: str) -> str:
    return ctx.arn("cloudwatch", f"dashboard/{name}", region="")


def _refused(message: str, told: list[Finding] | None = None) -> ServiceError:
    return ServiceError(
        "DashboardInvalidInputError", message, fields={"dashboardValidationMessages": _listed(told or [])}
    )


def _listed(told: list[Finding]) -> list[dict[str, str]]:
    return [{"DataPath": each.path, "Message": each.message} for each in told]


def _checked_name(name: str) -> str:
    if not _NAME.match(name):
        raise _refused(
            f"The value {name} for field DashboardName contains invalid characters. "
            "It can only contain alphanumerics, dash (-) and underscore (_).\n"
        )
    if len(name) > _NAME_CHARACTERS:
        raise _refused(f"The field DashboardName must not be longer than {_NAME_CHARACTERS} characters.\n")
    return name


def _checked_body(text: str) -> list[Finding]:
    """What the caller is told of a body that is good enough. Raises DashboardInvalidInputError."""
    if len(text.encode()) > limits.DASHBOARD_BODY_BYTES:
        raise _refused(f"The field DashboardBody must not be larger than {limits.DASHBOARD_BODY_BYTES} bytes")
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _refused("The field DashboardBody must be a valid JSON object")
    told = list(findings(body))
    if fatal := [each for each in told if each.fatal]:
        shown = msgspec.json.encode([{"dataPath": each.path, "message": each.message} for each in fatal])
        words = msgspec.json.format(shown, indent=2).decode()
        raise _refused(
            f"The dashboard body is invalid, there are {len(fatal)} validation errors:\n{words}", fatal
        )
    return told


@operation
async def put_dashboard(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Create or replace a dashboard; what is only odd about its body is told, what is wrong is refused."""
    name, body = _checked_name(params["DashboardName"]), params["DashboardBody"]
    told = _checked_body(body)
    new = await ctx.unit.get(DASHBOARDS, name, account=ctx.account) is None
    ctx.unit.put(DASHBOARDS, name, Dashboard(name=name, body=body, modified=ctx.now), account=ctx.account)
    tags = tag_room.checked(params.get("Tags"))
    if tags and not new:
        raise ServiceError(
            "InvalidParameterValue", "Tags can be given when a dashboard is created; later use TagResource."
        )
    await tag_room.put(ctx, _arn(ctx, name), tags)
    return {"DashboardValidationMessages": _listed(told)}


@operation
async def get_dashboard(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A dashboard's body as it was put."""
    name = params["DashboardName"]
    found = await ctx.unit.get(DASHBOARDS, name, account=ctx.account)
    if found is None:
        raise ServiceError("DashboardNotFoundError", f"Dashboard {name} does not exist", status=404)
    return {"DashboardArn": _arn(ctx, name), "DashboardBody": found.body, "DashboardName": name}


@operation
async def list_dashboards(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Dashboards by name, all or those with a prefix."""
    prefix = params.get("DashboardNamePrefix") or ""
    listing = f"ListDashboards {prefix}"
    after = ""
    if token := params.get("NextToken"):
        try:
            after = pages.position(listing, token)
        except pages.InvalidToken:
            raise ServiceError("InvalidParameterValue", "Request parameter NextToken is invalid") from None
    found = await ctx.unit.list(
        DASHBOARDS, account=ctx.account, region="", prefix=prefix, after=after, limit=_PAGE + 1
    )
    entries = [
        {
            "DashboardName": each.key,
            "DashboardArn": _arn(ctx, each.key),
            "LastModified": each.value.modified,
            "Size": len(each.value.body.encode()),
        }
        for each in found[:_PAGE]
    ]
    answer: dict[str, Any] = {"DashboardEntries": entries}
    if len(found) > _PAGE:
        answer["NextToken"] = pages.token(listing, found[_PAGE - 1].key)
    return answer


@operation
async def delete_dashboards(ctx: Ctx, params: dict[str, Any]) -> None:
    """Delete dashboards; all of them, or none when one does not exist."""
    names = list(dict.fromkeys(params["DashboardNames"]))
    if not names:
        raise ServiceError("InvalidParameterValue", "Need at least 1 dashboard")
    missing = [n for n in names if await ctx.unit.get(DASHBOARDS, n, account=ctx.account) is None]
    if missing:
        raise ServiceError(
            "DashboardNotFoundError",
            f"The specified dashboard does not exist. [{', '.join(missing)}]",
            status=404,
        )
    for name in names:
        ctx.unit.delete(DASHBOARDS, name, account=ctx.account)
        tag_room.forget(ctx, _arn(ctx, name))
