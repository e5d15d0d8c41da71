"""Tags of rules and recorders."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import RECORDERS, RULES, Recorder, Rule
from triptych.services.config.paging import key_page, with_token
from triptych.services.contract import Ctx, operation

_MOST = 50  # TooManyTagsException: "Adding more tags than 50"


async def _tagged(ctx: Ctx, resource_arn: str) -> tuple[Collection[Any], Rule | Recorder]:
    """The rule or recorder an ARN names, read so that a commit notices a concurrent change."""
    collections: tuple[Collection[Any], ...] = (RULES, RECORDERS)
    for collection in collections:
        for document in await ctx.unit.list(collection, account=ctx.account, region=ctx.region):
            if document.value.arn == resource_arn:
                value = await ctx.unit.get(collection, document.key, account=ctx.account, region=ctx.region)
                if value is not None:
                    return collection, value
    raise ServiceError("ResourceNotFoundException", f"ResourceArn '{resource_arn}' does not exist")


def _keep(ctx: Ctx, collection: Collection[Any], value: Rule | Recorder, tags: dict[str, str]) -> None:
    ctx.unit.put(
        collection,
        value.name,
        msgspec.structs.replace(value, tags=tags),
        account=ctx.account,
        region=ctx.region,
    )


@operation
async def tag_resource(ctx: Ctx, params: dict[str, Any]) -> None:
    """Add tags to a rule or a recorder, or change them."""
    collection, value = await _tagged(ctx, params["ResourceArn"])
    tags = value.tags | {tag["Key"]: tag.get("Value", "") for tag in params["Tags"]}
    if any(key.lower().startswith("aws:") for key in tags):
        raise ServiceError("ValidationException", "Tag keys starting with aws: are reserved for system use.")
    if len(tags) > _MOST:
        raise ServiceError(
            "TooManyTagsException", f"A resource can have at most {_MOST} tags; this would make {len(tags)}."
        )
    _keep(ctx, collection, value, tags)


@operation
async def untag_resource(ctx: Ctx, params: dict[str, Any]) -> None:
    """Remove tags from a rule or a recorder; keys it lacks are no mistake."""
    collection, value = await _tagged(ctx, params["ResourceArn"])
    gone = set(params["TagKeys"])
    _keep(ctx, collection, value, {key: text for key, text in value.tags.items() if key not in gone})


@operation
async def list_tags_for_resource(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a rule or a recorder."""
    _, value = await _tagged(ctx, params["ResourceArn"])
    ordered = [(key, {"Key": key, "Value": text}) for key, text in sorted(value.tags.items())]
    page = key_page(
        f"ListTagsForResource/{params['ResourceArn']}",
        ordered,
        text=params.get("NextToken"),
        limit=params.get("Limit"),
        size=100,
    )
    return with_token({"Tags": page.entries}, page.next_token)
