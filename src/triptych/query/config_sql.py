"""AWS Config's advanced queries: text -> a plan that was checked. What a plan finds is in ``config_rows``. No IO.

::

    SELECT property, ... | * | aggregate(property | *), ...
    [WHERE condition] [GROUP BY property, ...] [ORDER BY property | aggregate [DESC], ...]

    condition = property (= != < > <= >=) literal | property [NOT] BETWEEN a AND b | property [NOT] IN (a, ...)
              | property [NOT] LIKE 'prefix%' | NOT c | c AND c | c OR c | (c)

There is no FROM: what is asked are the current items. A document is an item as queries see it; a property is a
path into it, and lists on the way mean "any element", for each condition by itself. ``sqlglot`` reads the text;
everything it reads that the language lacks is refused by name.

Source: AWS Config developer guide, "Querying the current configuration state": components and limitations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

__all__ = [
    "Aggregate",
    "AllOf",
    "AnyOf",
    "Column",
    "Compare",
    "Condition",
    "ConfigSqlError",
    "Literals",
    "Not",
    "Operator",
    "Plan",
    "Property",
    "StartsWith",
    "Within",
    "conjoined",
    "parse",
]

STAR = (
    "accountId",
    "arn",
    "availabilityZone",
    "awsRegion",
    "configurationItemCaptureTime",
    "resourceCreationTime",
    "resourceId",
    "resourceName",
    "resourceType",
    "version",
)
"""What ``SELECT *`` shows: the scalar properties at the top, documented as these ten."""
_TOP = frozenset(
    {
        *STAR,
        "configuration",
        "configurationItemStatus",
        "configurationStateId",
        "relationships",
        "supplementaryConfiguration",
        "tags",
    }
)

GROUPS = 3
"""Properties in GROUP BY (documented); only one when ordering by an aggregate."""
LITERAL_START = 3
"""Characters before the wildcard of LIKE (documented)."""

Literals = str | float | bool
Operator = Literal["=", "<", ">", "<=", ">="]


class ConfigSqlError(ValueError):
    """The text is no query of this language."""


@dataclass(frozen=True, slots=True)
class Property:
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``of`` is None for COUNT(*)."""

    function: Literal["AVG", "COUNT", "MAX", "MIN", "SUM"]
    of: Property | None

    @property
    def name(self) -> str:
        return f"{self.function}({self.of.name if self.of else '*'})"


Column = Property | Aggregate


@dataclass(frozen=True, slots=True)
class Compare:
    of: Property
    operator: Operator
    value: Literals


@dataclass(frozen=True, slots=True)
class Within:
    """BETWEEN: for networks an overlap, which two comparisons would not say."""

    of: Property
    low: Literals
    high: Literals


@dataclass(frozen=True, slots=True)
class StartsWith:
    of: Property
    prefix: str


@dataclass(frozen=True, slots=True)
class Not:
    of: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    of: tuple[Condition, ...]


Condition = Compare | Within | StartsWith | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A query that was checked.

    :param order: columns with whether they descend.
    """

    columns: tuple[Column, ...]
    where: Condition | None = None
    group: tuple[Property, ...] = ()
    order: tuple[tuple[Column, bool], ...] = ()

    @property
    def is_aggregation(self) -> bool:
        return bool(self.group) or any(isinstance(column, Aggregate) for column in self.columns)

    @property
    def orders_by_aggregate(self) -> bool:
        return any(isinstance(column, Aggregate) for column, _ in self.order)


def parse(text: str) -> Plan:
    """Raises ConfigSqlError, whose message says where the syntax is wrong or what the language lacks."""
    try:
        trees = sqlglot.parse(text)
    except SqlglotError as error:
        raise ConfigSqlError(_where(error)) from error
    except RecursionError as error:
        raise ConfigSqlError("The expression is nested too deeply.") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Select):
        raise ConfigSqlError("The expression must be one SELECT statement.")
    try:
        return _plan(trees[0])
    except RecursionError as error:
        raise ConfigSqlError("The expression is nested too deeply.") from error


def _where(error: SqlglotError) -> str:
    for one in getattr(error, "errors", None) or ():
        if one.get("line"):
            return f"syntax error at line {one['line']}, column {one['col']}"
    return "syntax error at line 1, column 1"


def _plan(tree: exp.Select) -> Plan:
    for clause, value in tree.args.items():
        if value and clause not in {"expressions", "where", "group", "order", "kind"}:
            raise ConfigSqlError(f"{clause.rstrip('_').upper()} is not supported.")
    if tree.args.get("kind") or not tree.expressions:
        raise ConfigSqlError("SELECT needs the properties to return.")
    columns = _columns(tree.expressions)
    where, group, order = tree.args.get("where"), tree.args.get("group"), tree.args.get("order")
    plan = Plan(
        columns=columns,
        where=None if where is None else _condition(where.this),
        group=() if group is None else _group(group),
        order=() if order is None else tuple(_ordered(one) for one in order.expressions),
    )
    _check(plan)
    return plan


def _columns(expressions: Sequence[exp.Expression]) -> tuple[Column, ...]:
    if any(isinstance(one, exp.Star) for one in expressions):
        if len(expressions) > 1:
            raise ConfigSqlError("* cannot be selected together with properties.")
        return tuple(Property((name,)) for name in STAR)
    return tuple(_column(one) for one in expressions)


def _group(group: exp.Expression) -> tuple[Property, ...]:
    for clause, value in group.args.items():
        if value and clause != "expressions":
            raise ConfigSqlError(f"{clause.upper()} is not supported.")
    return tuple(_property(one) for one in group.expressions)


def _ordered(one: exp.Expression) -> tuple[Column, bool]:
    return _column(one.this), bool(one.args.get("desc"))


def _check(plan: Plan) -> None:
    if len(plan.group) > GROUPS:
        raise ConfigSqlError(f"GROUP BY takes at most {GROUPS} properties.")
    if plan.orders_by_aggregate and len(plan.group) > 1:
        raise ConfigSqlError("GROUP BY takes one property when the results are ordered by an aggregate.")
    if not plan.is_aggregation:
        if plan.orders_by_aggregate:
            raise ConfigSqlError("ORDER BY takes an aggregate only together with GROUP BY.")
        return
    for column in (*plan.columns, *(column for column, _ in plan.order)):
        if isinstance(column, Property) and column not in plan.group:
            raise ConfigSqlError(f"The property {column.name} must appear in GROUP BY.")


_FUNCTIONS: dict[type[exp.Expression], Literal["AVG", "COUNT", "MAX", "MIN", "SUM"]] = {
    exp.Avg: "AVG",
    exp.Count: "COUNT",
    exp.Max: "MAX",
    exp.Min: "MIN",
    exp.Sum: "SUM",
}


def _column(node: exp.Expression) -> Column:
    function = _FUNCTIONS.get(type(node))
    if function is None:
        return _property(node)
    if node.expressions or isinstance(node.this, exp.Distinct):
        raise ConfigSqlError(f"{function} takes a single property.")
    if isinstance(node.this, exp.Star):
        if function != "COUNT":
            raise ConfigSqlError(f"{function} takes a property, not *.")
        return Aggregate(function, None)
    return Aggregate(function, _property(node.this))


def _property(node: exp.Expression) -> Property:
    path = tuple(_path(node))
    if path[0] not in _TOP:
        raise ConfigSqlError(f"Unknown property {'.'.join(path)}.")
    return Property(path)


def _path(node: Any) -> Iterator[str]:
    if isinstance(node, exp.Column):
        yield from (part.name for part in node.parts)
    elif isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        yield from _path(node.this)
        yield node.expression.name
    else:
        raise _lacking(node)


def _lacking(node: Any) -> ConfigSqlError:
    if isinstance(node, exp.Null):
        return ConfigSqlError("NULL is not supported.")
    kind = "AS" if isinstance(node, exp.Alias) else type(node).__name__.upper()
    return ConfigSqlError(f"{kind} is not supported here: {_shown(node)}.")


def _shown(node: Any) -> str:
    return node.sql()[:60] if isinstance(node, exp.Expression) else str(node)[:60]


_OPERATORS: dict[type[exp.Expression], Operator] = {
    exp.EQ: "=",
    exp.LT: "<",
    exp.GT: ">",
    exp.LTE: "<=",
    exp.GTE: ">=",
}


def _condition(node: Any) -> Condition:
    match node:
        case exp.Paren():
            return _condition(node.this)
        case exp.Not():
            return Not(_condition(node.this))
        case exp.And() | exp.Or():
            parts = tuple(_condition(one) for one in node.flatten())
            return AllOf(parts) if isinstance(node, exp.And) else AnyOf(parts)
        case exp.NEQ():
            return Not(Compare(_property(node.this), "=", _literal(node.expression)))
        case exp.Between():
            return Within(_property(node.this), _literal(node.args["low"]), _literal(node.args["high"]))
        case exp.In() if node.expressions:
            of = _property(node.this)
            return AnyOf(tuple(Compare(of, "=", _literal(one)) for one in node.expressions))
        case exp.Like():
            return _like(_property(node.this), node.expression)
        case exp.EQ() | exp.LT() | exp.GT() | exp.LTE() | exp.GTE():
            return Compare(_property(node.this), _OPERATORS[type(node)], _literal(node.expression))
    raise _lacking(node)


def _like(of: Property, node: exp.Expression) -> Condition:
    pattern = _literal(node)
    if not isinstance(pattern, str):
        raise ConfigSqlError("LIKE takes a string.")
    prefix = pattern.removesuffix("%")
    if "%" in prefix:
        raise ConfigSqlError("The wildcard % is supported only at the end of the value of LIKE.")
    if prefix == pattern:
        return Compare(of, "=", pattern)
    if len(prefix) < LITERAL_START:
        raise ConfigSqlError(f"LIKE takes at least {LITERAL_START} characters before the wildcard.")
    return StartsWith(of, prefix)


def _literal(node: Any) -> Literals:
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        return str(node.this) if node.is_string else float(node.this)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return -float(node.this.this)
    raise _lacking(node)


def conjoined(plan: Plan, name: str) -> frozenset[str] | None:
    """The strings a top-level property must be one of for any row; None when the query does not say.

    It lets a caller fetch only those documents; ``run`` still checks every condition.
    """
    parts = plan.where.of if isinstance(plan.where, AllOf) else (plan.where,)
    for part in parts:
        choices = part.of if isinstance(part, AnyOf) else (part,)
        if all(
            isinstance(one, Compare) and one.operator == "=" and one.of.path == (name,) for one in choices
        ):
            return frozenset(str(one.value) for one in choices if isinstance(one, Compare))
    return None
