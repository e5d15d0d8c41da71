"""PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition: queries saved under names."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import invalid, position
from triptych.services.logs.moments import millis

_LANGUAGE = "CWLI"
_DESCRIBED = 1000


class QueryDefinition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``modified`` in milliseconds; ``token`` is the clientToken it was made with."""

    id: str
    name: str
    text: str
    modified: int
    groups: tuple[str, ...] = ()
    parameters: tuple[dict[str, str], ...] = ()
    token: str = ""


DEFINITIONS = Collection(name="logs.query_definitions", type=QueryDefinition)
"""By id."""


@operation
async def put_query_definition(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Save a query, or, with a queryDefinitionId, replace what was saved.

    Partly: the query language is Logs Insights QL only; parameters are kept, who starts the query fills them in.
    """
    if (params.get("queryLanguage") or _LANGUAGE) != _LANGUAGE:
        raise invalid(f"The query language {params['queryLanguage']} is not supported, only {_LANGUAGE}.")
    token, key = params.get("clientToken") or "", params.get("queryDefinitionId")
    if key:
        if await ctx.unit.get(DEFINITIONS, key, account=ctx.account, region=ctx.region) is None:
            raise _unknown(key)
    else:
        there = await ctx.unit.list(DEFINITIONS, account=ctx.account, region=ctx.region)
        made = next((each.value.id for each in there if token and each.value.token == token), None)
        if made is not None:
            return {"queryDefinitionId": made}
        if len(there) >= limits.INSIGHTS_DEFINITIONS:
            raise ServiceError(
                "LimitExceededException", f"There are {limits.INSIGHTS_DEFINITIONS} query definitions."
            )
        key = ctx.ids.uuid()
    definition = QueryDefinition(
        id=key,
        name=params["name"],
        text=params["queryString"],
        modified=millis(ctx.now),
        groups=tuple(params.get("logGroupNames") or ()),
        parameters=tuple(params.get("parameters") or ()),
        token=token,
    )
    ctx.unit.put(DEFINITIONS, key, definition, account=ctx.account, region=ctx.region)
    return {"queryDefinitionId": key}


@operation
async def describe_query_definitions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Saved queries by name."""
    prefix = params.get("queryDefinitionNamePrefix") or ""
    found = [
        document.value
        for document in await ctx.unit.list(DEFINITIONS, account=ctx.account, region=ctx.region)
        if document.value.name.startswith(prefix) and params.get("queryLanguage", _LANGUAGE) == _LANGUAGE
    ]
    found.sort(key=lambda definition: (definition.name, definition.id))
    listing = f"DescribeQueryDefinitions|{prefix}"
    after = position(listing, params.get("nextToken"))
    if after is not None:
        found = [each for each in found if [each.name, each.id] > after]
    count = params.get("maxResults") or _DESCRIBED
    answer: dict[str, Any] = {"queryDefinitions": [_view(each) for each in found[:count]]}
    if len(found) > count:
        last = found[count - 1]
        answer["nextToken"] = pages.token(listing, [last.name, last.id])
    return answer


def _view(definition: QueryDefinition) -> dict[str, Any]:
    view: dict[str, Any] = {
        "queryLanguage": _LANGUAGE,
        "queryDefinitionId": definition.id,
        "name": definition.name,
        "queryString": definition.text,
        "lastModified": definition.modified,
        "logGroupNames": list(definition.groups),
    }
    if definition.parameters:
        view["parameters"] = list(definition.parameters)
    return view


@operation
async def delete_query_definition(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Delete a saved query."""
    key = params["queryDefinitionId"]
    if await ctx.unit.get(DEFINITIONS, key, account=ctx.account, region=ctx.region) is None:
        raise _unknown(key)
    ctx.unit.delete(DEFINITIONS, key, account=ctx.account, region=ctx.region)
    return {"success": True}


def _unknown(key: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"Query definition {key} does not exist.")
