"""What customer managed policies say: their default version, and whether a rule leaves them out. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from triptych.services.config.item import Item
from triptych.services.config.rules._parameters import is_true
from triptych.services.config.rules._policy import statements

__all__ = ["default_statements", "is_excluded", "sample"]


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


def sample(*, boundaries: int = 0, **statement: object) -> dict[str, object]:
    """For cases: a policy whose default version has one statement, and whose older one allows everything."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {
        "permissionsBoundaryUsageCount": boundaries,
        "policyVersionList": [
            {"isDefaultVersion": False, "document": json.dumps({"Statement": everything})},
            {
                "isDefaultVersion": True,
                "document": quote(json.dumps({"Statement": [everything | statement]})),
            },
        ],
    }
