"""The console's API described from its declarations: OpenAPI 3.1, and docs/console-api.md.

``python -m triptych.console.reference`` prints the page.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from triptych import __version__
from triptych.console.contract import Endpoint

__all__ = ["openapi", "page"]

_REF = "#/components/schemas/{name}"
_ERROR = {
    "description": "Refused: AWS's kind of code, a message, and the id to find it by in the log.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["code", "message", "requestId"],
                "properties": {name: {"type": "string"} for name in ("code", "message", "requestId")},
            }
        }
    },
}


def openapi(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of these endpoints; schemas are the types they declare."""
    described = [kind for e in endpoints for kind in (e.takes, e.answers) if kind is not None]
    schemas, components = msgspec.json.schema_components(described, ref_template=_REF)
    in_order = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        takes = next(in_order)
        answers = next(in_order) if endpoint.answers is not None else {"type": "object"}
        operation = _operation(endpoint, takes, answers, components)
        paths.setdefault(f"/console/api/{endpoint.path}", {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Triptych console",
            "version": __version__,
            "description": "What the console asks for beyond AWS's own API. Times are epoch milliseconds.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "triptych_session"},
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Signature Version 4 for service triptych.",
                },
            },
        },
    }


def _operation(
    endpoint: Endpoint, takes: dict[str, Any], answers: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": f"{endpoint.method.lower()}_{endpoint.path.replace('/', '_').replace('.', '_')}",
        "security": [] if endpoint.open else [{"session": []}, {"sigv4": []}],
        "responses": {
            "200": {"description": "As asked.", "content": {endpoint.media_type: {"schema": answers}}},
            "default": _ERROR,
        },
    }
    if endpoint.method == "POST":
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": takes}}}
        return out
    declared = components[takes["$ref"].rpartition("/")[2]] if "$ref" in takes else takes
    out["parameters"] = [
        {"name": name, "in": "query", "required": name in declared.get("required", ()), "schema": schema}
        for name, schema in declared.get("properties", {}).items()
    ]
    return out


def page(endpoints: Sequence[Endpoint]) -> str:
    """docs/console-api.md."""
    lines = [
        "# The console's API",
        "",
        "What the console asks for beyond AWS's own API, under `/console/api/`; everything else it does are AWS calls on",
        "the endpoint itself. Scripts may use it as well: sign with SigV4 for service `triptych`, or keep a session's",
        "cookie. A session's calls that are not GETs carry `x-triptych-csrf` (from `GET session`) and `Origin`.",
        "",
        "Times are epoch milliseconds. The region is that of the signature, of the header `x-triptych-region` or of the",
        "query's `region`. Errors are `{code, message, requestId}` with the HTTP status that fits. The schemas are in",
        "`GET /console/api/openapi.json`. This page is printed by `python -m triptych.console.reference`.",
        "",
    ]
    for endpoint in endpoints:
        lines += [f"## {endpoint.method} {endpoint.path}", "", endpoint.summary, ""]
        lines += _members("takes", endpoint.takes)
        if isinstance(endpoint.answers, type) and issubclass(endpoint.answers, msgspec.Struct):
            lines += _members("answers", endpoint.answers)
    return "\n".join(lines)


def _members(verb: str, kind: type[msgspec.Struct]) -> list[str]:
    fields = msgspec.structs.fields(kind)
    if not fields:
        return []
    named = ", ".join(f"`{f.encode_name}`" + ("" if f.required else "?") for f in fields)
    said = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
    notes = [f"- {line}" for line in _parameters(said)]
    return [f"It {verb} {named}.", "", *notes, *([""] if notes else [])]


def _parameters(docstring: str) -> list[str]:
    """``:param q: ...`` of a docstring as ``q: ...``, each on one line."""
    text = " ".join(line.strip() for line in docstring.splitlines())
    return [
        f"`{name}`: {said.strip()}" for name, _, said in (p.partition(":") for p in text.split(":param ")[1:])
    ]


if __name__ == "__main__":
    from triptych.console.mount import endpoints as found

    sys.stdout.write(page(found()))
