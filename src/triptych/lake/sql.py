"""sqlglot trees in, ClickHouse text and bound values out: the one place that prints a lake SELECT.

What leaves here reads only declared tables, each restricted to one account (and region) right where it stands
in the tree, whatever CTEs, subqueries, joins and unions surround it; and user values are never text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp

from triptych.lake.ddl import OWN_PREFIX
from triptych.lake.table import Table

ACCOUNT = OWN_PREFIX + "account"
REGION = OWN_PREFIX + "region"
"""Placeholders that carry the restriction."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?\Z|0x[0-9a-fA-F]+\Z")
_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*\Z")
_UNQUOTABLE = re.compile(r"[\x00-\x1f\x7f\"`\\]")

_SELECT_PARTS = frozenset(
    {
        "with", "kind", "expressions", "hint", "distinct", "from", "joins", "where", "group", "having",
        "qualify", "windows", "order", "limit", "offset",
    }
)  # fmt: skip
_UNION_PARTS = frozenset({"with", "this", "expression", "distinct", "order", "limit", "offset", "by_name"})

_STATEMENTS = (
    exp.DDL, exp.DML, exp.Command, exp.Describe, exp.Show, exp.Set, exp.Pragma, exp.Use, exp.Kill,
    exp.Drop, exp.Alter, exp.TruncateTable, exp.Into, exp.Grant,
)  # fmt: skip
_SOURCES = (
    exp.Lateral, exp.Unnest, exp.Values, exp.JSONTable, exp.TableSample, exp.Final, exp.PreWhere, exp.Pivot,
    exp.Parameter, exp.SessionParameter, exp.Hint,
)  # fmt: skip

_FORBIDDEN_FUNCTIONS = re.compile(
    r"""
    file | (dict|region).* | joinget.* | ai[A-Z].* | get(macro|setting.*|serversetting|serverport|mergetreesetting|
    clienthttpheader|oskernelversion|maxtablenamelengthfordatabase) | (tcpport|hostname|fqdn|version|uptime|
    displayname|buildid|revision|serveruuid|connectionid|globalvariable|showcertificate|hasthreadfuzzer) |
    (current|default|enabled|initial|authenticated).*(user|roles|profiles|database|schemas|queryid|querystarttime|handler|url) |
    hascolumnintable | sleep.* | filesystem.* | transaction.* | zookeeper.* | generateserialid | pg.* |
    naivebayes.* | evalmlmethod | catboostevaluate | modelevaluate | addressto.* | demangle | logtrace | tid | trap |
    ismergetreepart.* | mergetreepartinfo | __.* | structureto.* | current_version | (global)?(not)?(null)?in(ignoreset)? | queryid
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Functions that read something else than the row (files, dictionaries, the server), wait, or name a table.

Everything else comes from our own compilers, which build trees from a fixed set of functions of their own.
"""


class RefusedQuery(ValueError):  # noqa: N818
    """The tree asks for something a lake query may not do."""


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """A query that is asked again and again: nobody changes its tree, so a lake need not print it every time.

    :param narrow: it finds what it wants in a few pieces, and is over so soon that what surrounds the reading counts:
        one thread reads it, and whole numbers are written into its text (``with_numbers``).
    """

    tree: exp.Query
    narrow: bool = False


def compile_query(
    query: exp.Query,
    values: Mapping[str, Any],
    *,
    account: str,
    region: str | None,
    tables: Mapping[str, Table],
) -> tuple[str, dict[str, Any]]:
    """The text for the engine and every value it binds.

    :param query: SELECT or UNION; the tree is not changed. User values are ``exp.Placeholder(this="name")``.
    :param region: None: every region of the account.
    Raises RefusedQuery for anything but reading declared tables, ValueError for a value that cannot be bound
    and for placeholders and values that do not pair up.
    """
    if not isinstance(query, exp.Select | exp.SetOperation | exp.Subquery):
        raise RefusedQuery(f"only SELECT and UNION may read the lake, not {type(query).__name__}")
    tree = query.copy()
    for node in list(tree.walk()):
        _check(node)
    own = ["account"] if region is None else ["account", "region"]
    given = _names_given(tree)
    for node in list(tree.find_all(exp.Table)):
        _restrict(node, tables, own, given)
    bound = bound_values(values, account=account, region=region)
    _bind(tree, bound, values)
    return tree.sql(dialect="clickhouse", identify=True, comments=False), bound


def bound_values(values: Mapping[str, Any], *, account: str, region: str | None) -> dict[str, Any]:
    """What the placeholders of a compiled query stand for; its text depends on their names and kinds alone."""
    return {**values, ACCOUNT: account} | ({} if region is None else {REGION: region})


def with_numbers(text: str, bound: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A compiled query with its whole numbers as digits, and the values that are left to bind.

    The engine takes a tenth of the time of a short query to make constants of three bound numbers. For trees without
    text of their own only: what looks like a placeholder is taken for one.
    """
    numbers = {name: str(value) for name, value in bound.items() if type(value) is int}
    printed = _WHOLE.sub(lambda match: numbers.get(match[1], match[0]), text)
    return printed, {name: value for name, value in bound.items() if name not in numbers}


_WHOLE = re.compile(r"\{(\w+): U?Int64\}")


def compile_delete(
    table: str, where: exp.Condition, values: Mapping[str, Any], *, account: str, region: str
) -> tuple[str, dict[str, Any]]:
    """The text that removes an account's rows of one table, and every value it binds; refusals as above.

    :param where: reads the table's own columns only; no subqueries.
    """
    if where.find(exp.Query, exp.Table):
        raise RefusedQuery("a removal is decided by the row alone")
    tree = exp.and_(_equals("account", ""), _equals("region", ""), where.copy())
    for node in list(tree.walk()):
        _check(node)
    bound: dict[str, Any] = {**values, ACCOUNT: account, REGION: region}
    _bind(tree, bound, values)
    condition = tree.sql(dialect="clickhouse", identify=True, comments=False)
    return f"DELETE FROM `{table}` WHERE {condition}", bound  # noqa: S608 - a declared name and a printed tree


def _check(node: exp.Expr) -> None:
    """Refuse what a lake query may not contain, and text that would be printed as it is."""
    _check_words(node)
    if isinstance(node, _STATEMENTS):
        raise RefusedQuery(f"{type(node).__name__} has no place in a lake query")
    if isinstance(node, _SOURCES):
        raise RefusedQuery(f"{type(node).__name__} is not supported in a lake query")
    if isinstance(node, exp.Select):
        _check_parts(node, _SELECT_PARTS)
    elif isinstance(node, exp.SetOperation):
        _check_parts(node, _UNION_PARTS)
    elif isinstance(node, exp.From):
        _check_source(node.this)
    elif isinstance(node, exp.Join):
        if str(node.args.get("kind") or "").upper() != "ARRAY":
            _check_source(node.this)
    elif isinstance(node, exp.In):
        _check_in(node)
    elif isinstance(node, exp.Func):
        name = node.name if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) else node.sql_name()
        if _FORBIDDEN_FUNCTIONS.fullmatch(name):
            raise RefusedQuery(f"the function {name} is not available in a lake query")


def _check_parts(node: exp.Expr, allowed: frozenset[str]) -> None:
    """Only these clauses: no SETTINGS, FORMAT, INTO, SAMPLE."""
    for name, value in node.args.items():
        if value and name.rstrip("_") not in allowed:
            raise RefusedQuery(f"{name.rstrip('_').upper()} is not supported in a lake query")


def _check_source(node: Any) -> None:
    if not isinstance(node, exp.Table | exp.Subquery):
        raise RefusedQuery(f"a lake query reads tables and subqueries, not {type(node).__name__}")


def _check_in(node: exp.In) -> None:
    """``x IN name`` reads a whole table called so: the right side must be values, a placeholder or a subquery."""
    sides = [node.args[key] for key in ("field", "unnest") if node.args.get(key)]
    items = node.args.get("expressions") or []
    if len(items) == 1:
        sides.append(items[0])
    for side in sides:
        inner = side
        while isinstance(inner, exp.Paren | exp.Alias):
            inner = inner.this
        if isinstance(inner, exp.Column | exp.Identifier | exp.Dot | exp.Table | exp.Var | exp.Star):
            raise RefusedQuery("the right side of IN must be values, a placeholder or a subquery")


def _check_words(node: exp.Expr) -> None:
    """A tree may hold plain strings in places the printer does not quote; there only words are let through."""
    for key, value in node.args.items():
        for text in value if isinstance(value, list) else (value,):
            if not isinstance(text, str):
                continue
            if isinstance(node, exp.Identifier):
                if _UNQUOTABLE.search(text) or not text:
                    raise RefusedQuery(f"{text!r} is no name")
            elif isinstance(node, exp.Literal):
                if not node.is_string and not _NUMBER.match(text):
                    raise RefusedQuery(f"{text!r} is no number")
            elif text and not _WORDS.match(text):
                raise RefusedQuery(f"{type(node).__name__} with {key}={text!r} would print raw text")


def _restrict(
    node: exp.Table, tables: Mapping[str, Table], own: Sequence[str], given: frozenset[str]
) -> None:
    """Let a declared table show only its rows of the account; leave the name of a CTE in scope alone.

    :param own: the columns that say whose a row is.
    :param given: see ``_names_given``.
    """
    if not isinstance(node.this, exp.Identifier):
        raise RefusedQuery("table functions have no place in a lake query")
    if node.args.get("db") or node.args.get("catalog"):
        raise RefusedQuery(f"there is no table {node.sql(dialect='clickhouse')}")
    name = node.name
    if name in _ctes_in_scope(node, tables):
        return
    if name not in tables:
        raise RefusedQuery(f"there is no table {name}")
    extra = [key for key, value in node.args.items() if value and key not in {"this", "alias", "joins"}]
    if extra:
        raise RefusedQuery(f"{extra[0].upper()} is not supported on a table of the lake")
    called = node.alias_or_name
    reader = _sole_reader(node)
    if reader is not None and called not in own and given.isdisjoint({name, called, *own}):
        # A subquery less saves a sixth of the time of a short query.
        asked = reader.args.get("where")
        mine = [_equals(column, called) for column in own]
        reader.set("where", exp.Where(this=exp.and_(*mine, *([] if asked is None else [asked.this]))))
        return
    rows = exp.select("*").from_(exp.to_table(name)).where(*(_equals(column, "") for column in own))
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
    node.replace(exp.Subquery(this=rows, alias=alias, joins=node.args.get("joins")))


def _sole_reader(node: exp.Table) -> exp.Select | None:
    """The SELECT that reads this table and nothing beside it."""
    select = node.parent.parent if isinstance(node.parent, exp.From) else None
    if not isinstance(select, exp.Select) or select.args.get("joins") or node.args.get("joins"):
        return None
    return select


def _names_given(tree: exp.Expr) -> frozenset[str]:
    """Every name the tree gives to something: one of a column's name would be read in its place, wherever it stands.

    The alias of a declared table is not among them: nothing else stands beside it where that matters.
    """
    names = set()
    for node in tree.walk():
        if isinstance(node, exp.Identifier):
            of_table = isinstance(node.parent, exp.TableAlias) and isinstance(node.parent.parent, exp.Table)
            if not of_table and not isinstance(node.parent, exp.Column | exp.Table):
                names.add(node.name)
        names.update(text for key, text in node.args.items() if key == "alias" and isinstance(text, str))
    return frozenset(names)


_PLACEHOLDERS = {"account": ACCOUNT, "region": REGION}


def _equals(column: str, table: str) -> exp.EQ:
    """The restriction of one column; its table is named if it is not empty."""
    return exp.EQ(
        this=exp.column(column, table=table or None), expression=exp.Placeholder(this=_PLACEHOLDERS[column])
    )


def _ctes_in_scope(node: exp.Expr, tables: Mapping[str, Table]) -> set[str]:
    """Names a table reference may take from the WITH clauses around it.

    A CTE may use itself only in a recursive WITH. One that takes a declared table's name is refused: which
    of the two a reference means would depend on the engine's rules.
    """
    names: set[str] = set()
    inside: exp.Expr | None = None
    here: Any = node
    while here is not None:
        if isinstance(here, exp.CTE):
            inside = here
        clause = here.args.get("with_") or here.args.get("with")
        if isinstance(clause, exp.With):
            for cte in clause.expressions:
                if cte.alias in tables or cte.alias.startswith(OWN_PREFIX):
                    raise RefusedQuery(f"a CTE cannot be called {cte.alias}, there is a table of that name")
                if not cte.args.get("scalar") and (cte is not inside or clause.recursive):
                    names.add(cte.alias)
                if cte is inside:
                    break  # what is defined later is not there yet
        here = here.parent
    return names


def _bind(tree: exp.Expr, bound: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Give every placeholder its ClickHouse type."""
    for name in values:
        if not _NAME.match(name) or name.startswith(OWN_PREFIX):
            raise ValueError(f"{name!r} is no name for a placeholder")
    used: set[str] = set()
    for node in tree.find_all(exp.Placeholder):
        if node.name not in bound:
            raise ValueError(f"no value for the placeholder {node.name!r}")
        used.add(node.name)
        node.set("this", node.name)
        node.set("kind", kind_of(bound[node.name]))
    if unused := values.keys() - used:
        raise ValueError(f"no placeholder for the value {', '.join(sorted(unused))}")


def kind_of(value: Any) -> str:
    """The ClickHouse type a Python value is bound as. Raises ValueError for one that has none."""
    if isinstance(value, bool):
        return "Bool"
    if isinstance(value, str):
        value.encode()  # a lone surrogate cannot be sent: UnicodeEncodeError is a ValueError
        return "String"
    if isinstance(value, int):
        return _kind_of_int(value)
    if isinstance(value, float):
        return "Float64"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"an aware datetime is needed, not {value!r}")
        return "DateTime64(6, 'UTC')" if value.microsecond % 1000 else "DateTime64(3, 'UTC')"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return f"Array({_kind_of_items(value)})"
    raise ValueError(f"a {type(value).__name__} cannot be bound in a lake query")


def _kind_of_int(value: int) -> str:
    if -(2**63) <= value < 2**63:
        return "Int64"
    if 2**63 <= value < 2**64:
        return "UInt64"
    raise ValueError(f"{value} has more than 64 bits")


def _kind_of_items(values: Sequence[Any]) -> str:
    kinds = {kind_of(value) for value in values}
    if not kinds:
        return "Nothing"
    if kinds == {"Int64", "Float64"}:
        return "Float64"
    if kinds == {"DateTime64(3, 'UTC')", "DateTime64(6, 'UTC')"}:
        return "DateTime64(6, 'UTC')"
    if len(kinds) > 1:
        raise ValueError(f"a list of {' and '.join(sorted(kinds))} cannot be bound")
    return kinds.pop()
