"""Page tokens: opaque to the caller, self-contained for us, refused when they are not ours."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec


class InvalidToken(ValueError):  # noqa: N818 - callers turn it into their service's own exception
    """The token was not made by ``token`` for this listing."""


def token(listing: str, position: Any) -> str:
    """A token that resumes ``listing`` (operation name plus its filters) at ``position`` (JSON-safe)."""
    return base64.urlsafe_b64encode(msgspec.json.encode([listing, position])).decode()


def position(listing: str, text: str) -> Any:
    """What ``token`` was given; raises InvalidToken for a token of another listing or no token at all."""
    try:
        made_for, where = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, ValueError, TypeError, msgspec.DecodeError) as error:
        raise InvalidToken(text) from error
    if made_for != listing:
        raise InvalidToken(text)
    return where
