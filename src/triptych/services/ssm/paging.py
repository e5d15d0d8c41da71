"""One page of a listing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from triptych.kernel import pages
from triptych.kernel.errors import ServiceError

__all__ = ["page"]

_SIZE = 50
"""Entries of a page unless MaxResults says otherwise, which is at most this."""


def page(
    entries: Sequence[Any], listing: str, params: Mapping[str, Any], *, position: Callable[[Any], Any]
) -> tuple[Sequence[Any], str | None]:
    """The page that MaxResults and NextToken ask for, and the token of the next one if there is more.

    :param entries: sorted by ``position``, whose values are JSON-safe and differ.
    :param listing: what is listed, filters included; a token of another listing is refused.
    """
    size = params.get("MaxResults", _SIZE)
    if params.get("NextToken"):
        try:
            after = pages.position(listing, params["NextToken"])
            entries = [entry for entry in entries if position(entry) > after]
        except (pages.InvalidToken, TypeError) as error:  # a forged position does not compare
            raise ServiceError("InvalidNextToken", "The specified token is not valid.") from error
    shown = entries[:size]
    return shown, pages.token(listing, position(shown[-1])) if len(entries) > size else None
