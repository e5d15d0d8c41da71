"""Tags as the API lists them and as they are kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError

__all__ = ["tags_from", "tags_view"]


def tags_from(
    given: Sequence[Mapping[str, str]] | None, onto: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Tags added to those there are; raises TooManyTagsError, and ValidationException for AWS's own prefix."""
    tags = dict(onto or {})
    for tag in given or ():
        if tag["Key"].lower().startswith("aws:"):
            raise ServiceError("ValidationException", "Tag keys that begin with aws: are reserved.")
        tags[tag["Key"]] = tag["Value"]
    if len(tags) > limits.SSM_TAGS:
        raise ServiceError(
            "TooManyTagsError", f"A resource can have at most {limits.SSM_TAGS} tags.", status=400
        )
    return tags


def tags_view(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
