"""Which of CloudWatch's resources there are, by ARN."""

from __future__ import annotations

from triptych.kernel.arn import Arn
from triptych.services.cloudwatch.alarms.definition import ALARMS
from triptych.services.cloudwatch.dashboard import DASHBOARDS
from triptych.services.contract import Ctx


async def exists(ctx: Ctx, arn: Arn) -> bool:
    """Whether an ARN names an alarm of this account and region, or a dashboard of this account."""
    if arn.account != ctx.account:
        return False
    kind, _, name = arn.resource.partition("/")
    if kind == "dashboard" and not arn.region:
        return await ctx.unit.get(DASHBOARDS, name, account=ctx.account) is not None
    kind, _, name = arn.resource.partition(":")
    if kind == "alarm" and arn.region == ctx.region:
        return await ctx.unit.get(ALARMS, name, account=ctx.account, region=ctx.region) is not None
    return False
