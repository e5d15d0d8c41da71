"""A user's field meets a column of ``cloudtrail_events``: here and nowhere else. Pure.

Fields are spelled as in the record (``eventName``, ``requestParameters.bucketName``). The ones people filter by most
have columns; the others are read from the record's JSON, by paths whose parts are bound values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from sqlglot import exp

from triptych.console.binding import Bind
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError

__all__ = ["FIELDS", "Field", "field_named", "has_text", "whole_record"]

FIELDS: Mapping[str, tuple[Literal["text", "list", "flag"], str]] = {
    "eventName": ("text", "event_name"),
    "eventSource": ("text", "event_source"),
    "eventID": ("text", "event_id"),
    "eventCategory": ("text", "category"),
    "username": ("text", "username"),
    "accessKeyId": ("text", "access_key_id"),
    "userIdentity.arn": ("text", "identity_arn"),
    "sourceIPAddress": ("text", "source_ip"),
    "errorCode": ("text", "error_code"),
    "awsRegion": ("text", "region"),
    "origin": ("text", "origin"),
    "cause": ("text", "cause"),
    "resourceType": ("list", "resource_types"),
    "resourceName": ("list", "resource_names"),
    "readOnly": ("flag", "read_only"),
    "managementEvent": ("flag", "management"),
}
_OTHER_NAMES = {
    "eventId": "eventID",
    "userName": "username",
    "userIdentity.accessKeyId": "accessKeyId",
    "region": "awsRegion",
}
_IN_RECORD = ("errorMessage", "eventType", "eventVersion", "recipientAccountId", "requestID", "userAgent")
_TREES = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "tlsDetails")


@dataclass(frozen=True, slots=True)
class Field:
    """:param path: into the record, for a field without a column. :param name: as the record spells it."""

    name: str
    kind: Literal["text", "list", "flag", "path"]
    column: str = "record"
    path: tuple[str, ...] = ()

    def equals(self, value: str, bind: Bind) -> exp.Condition:
        if self.kind == "flag":
            if value not in ("true", "false"):
                raise _invalid(f"The field {self.name} is true or false, not {value!r}.")
            return exp.column(self.column).eq(bind(value == "true"))
        if self.kind == "list":
            return exp.ArrayContains(this=exp.column(self.column), expression=bind(value))
        return self._text(bind).eq(bind(value))

    def contains(self, value: str, bind: Bind) -> exp.Condition:
        """Whether the text appears in the field, or in one of its values, whatever the case of its letters."""
        if self.kind == "flag":
            raise _invalid(f"The field {self.name} is true or false: use = or !=.")
        if not value:
            raise _invalid(f"What {self.name} should contain is empty.")
        return has_text(self._text(bind), value, bind)

    def each_value(self, bind: Bind) -> exp.Expr:
        """One row a value, as text: what facets count."""
        if self.kind == "list":
            return exp.Anonymous(this="arrayJoin", expressions=[exp.column(self.column)])
        if self.kind == "flag":
            return exp.Anonymous(this="toString", expressions=[exp.column(self.column)])
        return self._text(bind)

    def _text(self, bind: Bind) -> exp.Expr:
        if self.kind == "list":
            newline = exp.Literal.string("\n")
            return exp.Anonymous(this="arrayStringConcat", expressions=[exp.column(self.column), newline])
        if self.kind != "path":
            return exp.column(self.column)

        def json(function: str) -> exp.Expr:
            # Numbers are places in a list, counted from 0 by people and from 1 by the engine.
            parts = [bind(int(part) + 1 if part.isdecimal() else part) for part in self.path]
            return exp.Anonymous(this=function, expressions=[exp.column("record"), *parts])

        is_string = json("JSONType").eq(exp.Literal.string("String"))
        return exp.Anonymous(
            this="if", expressions=[is_string, json("JSONExtractString"), json("JSONExtractRaw")]
        )


def field_named(name: str) -> Field:
    """Raises ServiceError for a field there is not, with the nearest one there is."""
    known = _OTHER_NAMES.get(name, name)
    if known in FIELDS:
        kind, column = FIELDS[known]
        return Field(known, kind, column)
    root, *rest = name.split(".")
    if (root in _TREES and rest and all(rest)) or name in _IN_RECORD:
        if len(rest) > limits.EVENT_PATH_PARTS:
            raise _invalid(f"The field {name[:100]} goes deeper than {limits.EVENT_PATH_PARTS} levels.")
        return Field(name, "path", path=(root, *rest))
    raise _invalid(f"There is no field {name[:100]!r}.{_hint(name)}")


def _hint(name: str) -> str:
    spelled = {each.lower(): each for each in (*FIELDS, *_OTHER_NAMES, *_IN_RECORD)}
    spelled |= {f"{tree.lower()}": f"{tree}.<member>" for tree in _TREES}
    root = name.lower().partition(".")[0]
    near = get_close_matches(name.lower(), spelled, 1, 0.6) or get_close_matches(root, spelled, 1, 0.6)
    return (
        f" Did you mean {spelled[near[0]]}?"
        if near
        else f" There are: {', '.join(sorted(spelled.values()))}."
    )


def whole_record() -> exp.Expr:
    """The record's JSON text, for full-text search."""
    return exp.column("record")


def has_text(of: exp.Expr, text: str, bind: Bind) -> exp.Condition:
    found = exp.Anonymous(this="positionCaseInsensitiveUTF8", expressions=[of, bind(text)])
    return exp.GT(this=found, expression=exp.Literal.number(0))


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
