"""What customer managed policies say: their default version, and whether a rule leaves them out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.rules._parameters import is_true
from triptych.services.config.rules._policy import statements

__all__ = ["default_statements", "is_excluded"]


def default_statements(item: Item) -> list[Mapping[str, Any]]:
    """The statements in force: those of the default version."""
    return [
        statement
        for version in (item.configuration or {}).get("policyVersionList") or ()
        if version.get("isDefaultVersion")
        for statement in statements(version.get("document"))
    ]


def is_excluded(item: Item, parameters: Mapping[str, str]) -> bool:
    """A policy that bounds permissions grants none; rules leave it out when asked to."""
    used = (item.configuration or {}).get("permissionsBoundaryUsageCount") or 0
    return is_true(parameters.get("excludePermissionBoundaryPolicy")) and used > 0
