"""Pages of Config's listings: the limits and errors its operations share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from triptych.kernel.errors import ServiceError
from triptych.kernel.pages import InvalidToken, position, token

T = TypeVar("T")

__all__ = ["Page", "key_page", "resume", "with_token"]


class Page(NamedTuple):
    """What is on the page, and the token of the next one (None: this was the last)."""

    entries: Sequence[Any]
    next_token: str | None


def resume(listing: str, text: str | None) -> Any:
    """The position a NextToken carries, None for the first page; AWS's error for a foreign token."""
    if not text:
        return None
    try:
        return position(listing, text)
    except InvalidToken as error:
        raise ServiceError(
            "InvalidNextTokenException",
            "The specified next token is not valid. Specify the nextToken string that was returned in the previous "
            "response to get the next page of results.",
        ) from error


def key_page(
    listing: str, ordered: Sequence[tuple[str, T]], *, text: str | None, limit: int | None, size: int
) -> Page:
    """A page of entries ordered by a unique key; the token holds the last key, so changes never shift pages."""
    after = resume(listing, text)
    rest = [pair for pair in ordered if after is None or pair[0] > after]
    count = limit or size
    return Page(
        [value for _, value in rest[:count]],
        token(listing, rest[count - 1][0]) if len(rest) > count else None,
    )


def with_token(reply: dict[str, Any], next_token: str | None, member: str = "NextToken") -> dict[str, Any]:
    return reply if next_token is None else reply | {member: next_token}
