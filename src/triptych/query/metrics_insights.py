"""Metrics Insights, CloudWatch's SQL over metrics: one aggregate of one metric name, over all its series or by labels.

::

    SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone)
    WHERE LoadBalancer = 'app/one' AND AvailabilityZone != 'a' GROUP BY AvailabilityZone ORDER BY MAX() DESC LIMIT 5

- A namespace alone means metrics of any dimensions, ``SCHEMA`` those with exactly the dimensions it names, or none.
- Labels are dimensions. A condition is ``=`` or ``!=``, and all of them hold; a metric without the label has none of
  its values, so that ``!=`` holds. Grouped by that label it is of the group called Other.
- Keywords are read in any case, names and values as they are. A name of other characters than letters, digits and
  underscores, or one that is a keyword, stands in double quotes, a value in single quotes; a backslash stands before
  a quote within.
- The series come by their labels, or in the order of one number computed from the points of each, ascending unless
  it says DESC.

Source: "Metrics Insights query components and syntax", "SQL inference" and "Metrics Insights quotas" in the CloudWatch
User Guide. Of its reserved words only those with a meaning here need quotes: the page's own examples leave out others.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, cast, get_args

from triptych.kernel.limits import METRICS_INSIGHTS_SERIES
from triptych.query.expression_error import ExpressionError

__all__ = ["OTHER", "Condition", "Function", "Order", "Select", "SelectError", "is_select", "parse"]

Function = Literal["AVG", "COUNT", "MAX", "MIN", "SUM"]
FUNCTIONS: tuple[Function, ...] = get_args(Function)

OTHER = "Other"
"""What a group shows of a label its metrics do not have."""


class SelectError(ExpressionError):
    """A query that cannot be read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``label = 'value'``, or ``!=`` where it is not ``equal``."""

    label: str
    equal: bool
    value: str


@dataclass(frozen=True, slots=True)
class Order:
    """By a number computed from the points of each series, of which COUNT counts those there are."""

    function: Function
    descending: bool


@dataclass(frozen=True, slots=True)
class Select:
    """One query.

    :param function: over all the samples of a period, of all series or of a group.
    :param schema: names of the dimensions a metric has, no others; None: any.
    :param labels: of GROUP BY; empty: one series over all.
    :param limit: the most series it returns.
    """

    text: str
    function: Function
    metric_name: str
    namespace: str
    schema: frozenset[str] | None = None
    conditions: tuple[Condition, ...] = ()
    labels: tuple[str, ...] = ()
    order: Order | None = None
    limit: int = METRICS_INSIGHTS_SERIES


_SELECT = re.compile(r"\s*SELECT\s+[A-Za-z0-9_\"']", re.IGNORECASE)
"""``select`` may be the Id of a query, too, which metric math refers to: ``select * 2``."""


def is_select(expression: str) -> bool:
    """Whether the Expression of a metric data query is one of these, not metric math."""
    return _SELECT.match(expression) is not None


def parse(text: str) -> Select:
    """Read a query. Raises :class:`SelectError`."""
    return _Reader(text).select()


@dataclass(frozen=True, slots=True)
class _Token:
    """:param text: of names and values in quotes what is between them."""

    kind: Literal["word", "name", "value", "number", "mark", "end"]
    text: str
    position: int

    @property
    def shown(self) -> str:
        """As it stands in a message."""
        quotes = {"name": '"', "value": "'"}.get(self.kind, "")
        return (
            "the end"
            if self.kind == "end"
            else f"{quotes}{self.text}{quotes}"
            if quotes
            else f"'{self.text}'"
        )


_SPACE = re.compile(r"\s*")
_ESCAPE = re.compile(r"""\\(["'\\])""")
_TOKEN = re.compile(
    r"""(?P<number>[0-9]+(?![A-Za-z0-9_.])) | (?P<word>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)
    | "(?P<name>(?:[^"\\]|\\.)*)" | '(?P<value>(?:[^'\\]|\\.)*)' | (?P<mark>!=|<>|<=|>=|[=<>(),;*])""",
    re.VERBOSE | re.DOTALL,
)

_KEYWORDS = frozenset(
    {"SELECT", "FROM", "SCHEMA", "WHERE", "AND", "GROUP", "ORDER", "BY", "ASC", "DESC", "LIMIT"}
)
_FOREIGN = frozenset(
    {"OR", "NOT", "IN", "LIKE", "IS", "BETWEEN", "HAVING", "JOIN", "UNION", "AS", "OFFSET", "DISTINCT"}
)
"""Words of SQL that have no meaning here, so that they are told apart from mistyped ones."""
_CLAUSES = ("WHERE", "GROUP BY", "ORDER BY", "LIMIT")


class _Reader:
    """Reads the clauses from left to right; nothing nests."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._token = self._next()

    def select(self) -> Select:
        self._expect("SELECT")
        function, metric_name = self._function(), self._metric_name()
        self._expect("FROM")
        namespace, schema = self._source()
        conditions = self._conditions() if self._accept("WHERE") else ()
        labels = self._labels() if self._accept("GROUP") else ()
        order = self._order() if self._accept("ORDER") else None
        limit = self._limit() if self._accept("LIMIT") else METRICS_INSIGHTS_SERIES
        self._end()
        return Select(self._text, function, metric_name, namespace, schema, conditions, labels, order, limit)

    def _function(self) -> Function:
        token = self._take()
        name = token.text.upper()
        if token.kind != "word" or name not in FUNCTIONS:
            hint = _near(name, FUNCTIONS) or f": there are {', '.join(FUNCTIONS)}"
            raise SelectError(f"{token.shown} is not a function{hint}", token.position)
        self._mark("(", f"{name} has parentheses")
        return name

    def _metric_name(self) -> str:
        if self._token.text in {"*", ")"}:
            raise SelectError("The name of a metric stands between the parentheses", self._token.position)
        name = self._name("the name of a metric")
        self._mark(")", "One metric is selected, and the parenthesis closes behind its name")
        return name

    def _source(self) -> tuple[str, frozenset[str] | None]:
        if not self._accept("SCHEMA"):
            return self._name("a namespace"), None
        self._mark("(", "SCHEMA has parentheses")
        namespace = self._name("a namespace")
        labels: tuple[str, ...] = ()
        if self._is_mark(","):
            self._take()
            labels = self._list("the name of a dimension")
        self._mark(")", "Names in SCHEMA are separated by commas and end with a parenthesis")
        return namespace, frozenset(labels)

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._accept("AND"):
            found.append(self._condition())
        self._refuse_foreign("Conditions are joined by AND")
        return tuple(found)

    def _condition(self) -> Condition:
        self._refuse_foreign("A condition is label = 'value' or label != 'value'")
        label = self._label()
        operator = self._take()
        if operator.kind != "mark" or operator.text not in {"=", "!="}:
            raise SelectError(
                f"Expected = or != behind {label}, not {operator.shown}: a label is compared in no other way",
                operator.position,
            )
        value = self._take()
        if value.kind != "value":
            raise SelectError(
                f"Expected a value in single quotes, not {value.shown}: {label} {operator.text} 'value'",
                value.position,
            )
        return Condition(label, operator.text == "=", value.text)

    def _labels(self) -> tuple[str, ...]:
        self._expect("BY")
        return self._list("a label")

    def _list(self, what: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        while True:
            position = self._token.position
            label = self._label(what)
            if label in found:
                raise SelectError(f"{label} is there twice", position)
            found[label] = None
            if not self._is_mark(","):
                return tuple(found)
            self._take()

    def _order(self) -> Order:
        self._expect("BY")
        function = self._function()
        self._mark(")", f"It is the points of the selected metric that are ordered by: {function}()")
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        return Order(function, descending)

    def _limit(self) -> int:
        token = self._take()
        if token.kind != "number" or not 1 <= int(token.text[:9]) <= METRICS_INSIGHTS_SERIES:
            raise SelectError(
                f"LIMIT is a number from 1 to {METRICS_INSIGHTS_SERIES}, not {token.shown}", token.position
            )
        return int(token.text)

    def _end(self) -> None:
        if self._is_mark(";"):
            self._take()
        token = self._token
        if token.kind == "end":
            return
        self._refuse_foreign("A query is SELECT, FROM, WHERE, GROUP BY, ORDER BY, LIMIT")
        if token.text.upper() in {clause.split()[0] for clause in _CLAUSES}:
            raise SelectError(
                f"{token.text.upper()} is too late, or there twice: the order is {', '.join(_CLAUSES)}",
                token.position,
            )
        raise SelectError(f"Unexpected {token.shown}{_near(token.text, _KEYWORDS)}", token.position)

    def _label(self, what: str = "a label") -> str:
        token = self._token
        if token.kind == "word" and token.text.startswith("tag."):
            raise SelectError(
                f"{token.text}: the tags of resources are not known to metrics here, only dimensions are",
                token.position,
            )
        if token.kind == "word" and token.text == "AWS.AccountId":
            raise SelectError(f"{token.text}: there are no linked accounts", token.position)
        return self._name(what)

    def _name(self, what: str) -> str:
        token = self._take()
        if token.kind == "name" and token.text:
            return token.text
        if token.kind in {"word", "number"}:
            if "." in token.text:
                raise SelectError(
                    f"'{token.text}' has a dot, so it stands in double quotes: \"{token.text}\"",
                    token.position,
                )
            if token.text.upper() not in _KEYWORDS | _FOREIGN:
                return token.text
            raise SelectError(
                f"Expected {what}, not '{token.text}'; a name that is a keyword stands in double quotes",
                token.position,
            )
        hint = "; names stand in double quotes" if token.kind == "value" else ""
        raise SelectError(f"Expected {what}, not {token.shown}{hint}", token.position)

    def _refuse_foreign(self, instead: str) -> None:
        token = self._token
        if (token.kind == "word" and token.text.upper() in _FOREIGN) or self._is_mark("("):
            raise SelectError(f"{token.text.upper()} is not supported. {instead}", token.position)

    def _expect(self, keyword: str) -> None:
        token = self._token
        if not self._accept(keyword):
            near = _near(token.text, {keyword})
            raise SelectError(f"Expected {keyword}, not {token.shown}{near}", token.position)

    def _accept(self, keyword: str) -> bool:
        if self._token.kind != "word" or self._token.text.upper() != keyword:
            return False
        self._take()
        return True

    def _mark(self, mark: str, why: str) -> None:
        token = self._take()
        if token.kind != "mark" or token.text != mark:
            raise SelectError(f"Expected '{mark}', not {token.shown}. {why}", token.position)

    def _is_mark(self, mark: str) -> bool:
        return self._token.kind == "mark" and self._token.text == mark

    def _take(self) -> _Token:
        token = self._token
        self._token = self._next()
        return token

    def _next(self) -> _Token:
        space = _SPACE.match(self._text, self._position)
        start = space.end() if space else self._position
        if start == len(self._text):
            return _Token("end", "", start)
        match = _TOKEN.match(self._text, start)
        if match is None:
            character = self._text[start]
            if character in "\"'":
                raise SelectError(f"The quote {character} is not closed", start)
            raise SelectError(
                f"Unexpected '{character}'. Names with such characters stand in double quotes, and metric math "
                "refers to a query by its Id",
                start,
            )
        self._position = match.end()
        kind = cast(Literal["word", "name", "value", "number", "mark"], match.lastgroup)
        text = match[kind]
        return _Token(kind, _ESCAPE.sub(r"\1", text) if kind in {"name", "value"} else text, start)


def _near(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word.upper(), sorted(known), 1, 0.6)
    return f", did you mean {close[0]}?" if close and close[0] != word.upper() else ""
