"""``stats count(*) as n, avg(a) by b, bin(5m)``: one row for each group of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from triptych.query.insights.command import Case, Command
from triptych.query.insights.lowering import lower, lower_aggregation
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.named import Named, read_named
from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation, Sort
from triptych.query.insights.value import Value, alias, call

MATCHED = "matched"


@dataclass(frozen=True, slots=True)
class Stats:
    aggregations: tuple[Named, ...]
    keys: tuple[Named, ...]


def _read(reader: Reader) -> Stats:
    aggregations = tuple(reader.listed(lambda: read_named(reader)))
    keys: tuple[Named, ...] = ()
    if reader.take_word("by"):
        keys = tuple(reader.listed(lambda: read_named(reader)))
    seen: set[str] = set()
    for each in (*aggregations, *keys):
        if each.name in seen:
            where = each.expression
            raise MalformedQuery(f"Two columns are called {each.name}", where.start, where.end)
        seen.add(each.name)
    return Stats(aggregations, keys)


def _lower(relation: Relation, stats: Stats) -> Relation:
    relation = relation.settled().with_fields_of(
        each.expression for each in (*stats.aggregations, *stats.keys)
    )
    made = [(each.name, lower(each.expression, relation)) for each in stats.keys]
    keys = len(made)
    made += [(each.name, lower_aggregation(each.expression, relation)) for each in stats.aggregations]
    names = [relation.names.column() for _ in made]
    columns = [alias(value.sql, name) for name, (_, value) in zip(names, made, strict=True)]
    counted = call("max", exp.column(relation.matched)) if relation.matched else call("count")
    part = relation.names.column()
    query = relation.rows(*columns, alias(counted, part)).group_by(
        *(exp.column(name) for name in names[:keys]), copy=False
    )
    fields = {
        shown: Value(exp.column(name), value.kind, structure=value.structure)
        for name, (shown, value) in zip(names, made, strict=True)
    }
    result = Relation(
        names=relation.names,
        query=query,
        fields=fields,
        shown=tuple(each.name for each in (*stats.keys, *stats.aggregations)),
        events=False,
        # Nobody said in which order: the newest period first, other keys as sort would have them.
        order=tuple(Sort(fields[each.name], fields[each.name].kind == "time") for each in stats.keys),
    )
    whole = exp.Window(this=call("max" if relation.matched else "sum", exp.column(part)))
    matched = relation.names.column()
    return replace(result, query=result.rows("*", alias(whole, matched)), matched=matched)


_LINES = ('{"s": 200, "ms": 10}', '{"s": 200, "ms": 30}', '{"s": 500, "ms": 1}', '{"ms": 5}')

COMMAND = Command(
    name="stats",
    docs="Aggregations over all rows or over groups of rows.",
    read=_read,
    lower=_lower,
    cases=(
        Case("stats count(*)", _LINES, ("count(*)=4",)),
        Case(
            "stats count(*), avg(ms) as mean by s",
            _LINES,
            ("count(*)=1 mean=5", "s=200 count(*)=2 mean=20", "s=500 count(*)=1 mean=1"),
        ),
        Case("stats count(*) as n by bin(1h)", _LINES, ("bin(1h)=2024-05-15 10:00:00.000 n=4",)),
        Case("stats max(ms) - min(ms) as range by s | filter range > 0", _LINES, ("s=200 range=20",)),
        Case("stats count(*) as n by s | stats max(n) as most", _LINES, ("most=2",)),
        Case("stats sum(ms) by s > 300 as bad", _LINES, ("sum(ms)=5", "bad=0 sum(ms)=40", "bad=1 sum(ms)=1")),
        Case("filter s = 1 | stats count(*), sum(ms)", _LINES, ("count(*)=0",)),
    ),
)
