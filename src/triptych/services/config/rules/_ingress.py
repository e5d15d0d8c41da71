"""What a security group lets in from everywhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from triptych.services.config.item import Item

__all__ = ["Opening", "group", "openings"]

_EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_NAMES = {"6": "tcp", "17": "udp", "-1": "all"}

Opening = tuple[str, int, int]
"""Protocol (``tcp``, ``udp``, ``all`` for TCP and UDP alike, or another's name), first and last port."""


def openings(item: Item) -> Iterator[Opening]:
    """Everything that anybody on the internet may connect to."""
    for permission in (item.configuration or {}).get("ipPermissions") or ():
        if any(source in _EVERYWHERE for source in _sources(permission)):
            yield _opening(permission)


def _opening(permission: Mapping[str, Any]) -> Opening:
    """Protocol -1 is everything, and then ports mean nothing; nor do they when they are not given."""
    protocol = str(permission.get("ipProtocol")).lower()
    name = _NAMES.get(protocol, protocol)
    low, high = permission.get("fromPort"), permission.get("toPort")
    if name == "all" or low is None or high is None or low == -1:
        return name, 0, 65535
    return name, int(low), int(high)


def _sources(permission: Mapping[str, Any]) -> list[Any]:
    return [
        *(permission.get("ipRanges") or ()),
        *(entry.get("cidrIp") for entry in permission.get("ipv4Ranges") or ()),
        *(entry.get("cidrIpv6") for entry in permission.get("ipv6Ranges") or ()),
    ]


def group(protocol: str, low: int | None, high: int | None, source: str = "0.0.0.0/0") -> dict[str, object]:
    """The configuration of a group with one rule, for cases."""
    is_v6 = ":" in source
    return {
        "groupName": "web",
        "ipPermissions": [
            {
                "ipProtocol": protocol,
                "fromPort": low,
                "toPort": high,
                "ipv4Ranges": [] if is_v6 else [{"cidrIp": source}],
                "ipRanges": [] if is_v6 else [source],
                "ipv6Ranges": [{"cidrIpv6": source}] if is_v6 else [],
            }
        ],
        "ipPermissionsEgress": [],
    }
