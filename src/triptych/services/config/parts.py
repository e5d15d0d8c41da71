"""The parts this service discovered: resource types by name, managed rules by identifier."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from triptych.kernel.catalog import discover
from triptych.services.config import resource_types, rules
from triptych.services.config.managed_rule import ManagedRule
from triptych.services.config.resource_type import ResourceType

__all__ = ["KNOWN_RULES", "RULES", "TYPES"]

TYPES: Mapping[str, ResourceType] = MappingProxyType(
    {part.name: part for part in discover(resource_types, "TYPE", ResourceType)}
)
RULES: Mapping[str, ManagedRule] = MappingProxyType(
    {part.identifier: part for part in discover(rules, "RULE", ManagedRule)}
)
KNOWN_RULES: frozenset[str] = frozenset(
    Path(__file__).with_name("known_rules.txt").read_text(encoding="ascii").split()
)
"""Every identifier AWS has, so that one that is not built yet is told from a misspelt one."""
