"""GetCallerIdentity: who the signature says the caller is."""

from __future__ import annotations

from typing import Any

from triptych.kernel.context import Identity
from triptych.services.contract import Ctx, operation


@operation
async def get_caller_identity(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Account, user id and ARN of the caller; needs no permission."""
    return caller(ctx.context.identity)


def caller(identity: Identity) -> dict[str, Any]:
    """The answer for every kind of identity. A root user's id is the account's."""
    if identity.kind == "Root":
        return {
            "UserId": identity.account,
            "Account": identity.account,
            "Arn": identity.arn or f"arn:aws:iam::{identity.account}:root",
        }
    return {
        "UserId": identity.principal_id or identity.invoked_by,
        "Account": identity.account,
        "Arn": identity.arn or identity.invoked_by,
    }
