"""What a user signs in with: password, access keys, MFA devices. IAM tells of one user at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.resource_type import Call

__all__ = ["ask_console", "ask_devices", "ask_keys", "ask_usage"]

_GONE = "NoSuchEntity"


async def _of_user(call: Call, operation: str, item: Item) -> dict[str, Any] | None:
    """None: there is no such thing."""
    try:
        return await call("iam", operation, {"UserName": item.resource_name})
    except ServiceError as error:
        if error.code != _GONE:
            raise
        return None


async def ask_devices(call: Call, item: Item) -> Mapping[str, Any] | None:
    found = await _of_user(call, "ListMFADevices", item)
    return None if found is None else {"devices": found["MFADevices"]}


async def ask_console(call: Call, item: Item) -> Mapping[str, Any] | None:
    """``password``: the login profile, None without one; ``devices``."""
    devices = await ask_devices(call, item)
    if devices is None:
        return None
    profile = await _of_user(call, "GetLoginProfile", item)
    return {**devices, "password": profile and profile["LoginProfile"]}


async def ask_keys(call: Call, item: Item) -> Mapping[str, Any] | None:
    found = await _of_user(call, "ListAccessKeys", item)
    return None if found is None else {"keys": found["AccessKeyMetadata"]}


async def ask_usage(call: Call, item: Item) -> Mapping[str, Any] | None:
    """``user``, ``password``, and ``keys``, each with ``LastUsedDate`` if it was ever used."""
    user, listed = await _of_user(call, "GetUser", item), await ask_keys(call, item)
    if user is None or listed is None:
        return None
    profile = await _of_user(call, "GetLoginProfile", item)
    keys = []
    for key in listed["keys"]:
        used = await call("iam", "GetAccessKeyLastUsed", {"AccessKeyId": key["AccessKeyId"]})
        keys.append({**key, "LastUsedDate": (used.get("AccessKeyLastUsed") or {}).get("LastUsedDate")})
    return {"user": user["User"], "password": profile and profile["LoginProfile"], "keys": keys}
