"""Insights queries: the tables in tests/scripts/insights, on a real lake."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from insights_lake import NOW, Row, answer, insights_lake, write
from sqlglot import exp

from triptych.kernel import limits
from triptych.query.insights import MalformedQuery, compile_insights

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts" / "insights").glob("*.script"))


@dataclass
class Case:
    place: str
    query: str
    rows: list[str] | None = None
    matched: int | None = None


@dataclass
class Events:
    messages: list[str] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)


def tables(script: Path) -> list[Events]:
    found: list[Events] = []
    case: Case | None = None
    for number, line in enumerate(script.read_text().splitlines(), 1):
        word, _, rest = line.partition(" ")
        if line == "events":
            found.append(Events())
            case = None
        elif word == "query":
            case = Case(f"{script.name}:{number}", rest)
            found[-1].cases.append(case)
        elif found and not found[-1].cases and line and not line.startswith("#"):
            found[-1].messages.append(line)
        elif not line or line.startswith("#"):
            continue
        elif case is not None and line == "none":
            case.rows = []
        elif case is not None and word == "=":
            case.rows = [*(case.rows or []), rest]
        elif case is not None and word == "matched":
            case.matched = int(rest)
        else:
            raise AssertionError(f"{script.name}:{number}: {line}")
    return found


def row_of(text: str) -> Row:
    pairs = (part.partition("=") for part in text.split("  ") if part)
    # A name may have an equals sign itself, as the columns of stats have none, the first one divides.
    return {name.strip(): value for name, _, value in pairs}


async def test_tables(tmp_path: Path) -> None:
    async with insights_lake(tmp_path / "lake") as lake:
        blocks = [block for script in SCRIPTS if script.stem != "errors" for block in tables(script)]
        await write(lake, [(f"g{number}", block.messages) for number, block in enumerate(blocks)])
        wrong = []
        for number, block in enumerate(blocks):
            assert block.cases and block.messages
            for case in block.cases:
                assert case.rows is not None, f"{case.place} expects nothing"
                try:
                    rows, matched = await answer(lake, f"g{number}", case.query)
                except MalformedQuery as error:
                    wrong.append(f"{case.place}: {error.message}")
                    continue
                if rows != [row_of(row) for row in case.rows] or case.matched not in (None, matched):
                    wrong.append(f"{case.place}: {case.query}\n  {rows}\n  matched {matched}")
    assert len(blocks) > 8 and not wrong, "\n".join(wrong)


def refused() -> list[tuple[str, str]]:
    lines = (SCRIPTS[0].parent / "errors.script").read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    return [
        (first.removeprefix("wrong "), second.removeprefix(": "))
        for first, second in zip(lines[::2], lines[1::2], strict=True)
    ]


def compiled(query: str) -> None:
    events = exp.select("*").from_("logs_events")
    compile_insights(query, events, {}, groups={"g": "1:g"}, now=NOW)


@pytest.mark.parametrize(("marked", "message"), refused())
def test_errors(marked: str, message: str) -> None:
    start = marked.index("^")
    end = marked.index("^", start + 1) - 1
    with pytest.raises(MalformedQuery) as caught:
        compiled(marked.replace("^", ""))
    assert caught.value.message.split("\n")[0] == message
    if not message.startswith("unexpected symbol found |"):
        assert (caught.value.start, caught.value.end) == (start, end)


@pytest.mark.parametrize(
    "query",
    [
        "fields " + "(" * 5000 + "a",
        "filter " + "not " * 2000 + "a",
        "fields " + "-" * 5000 + "a",
        "fields 1" + "^1" * 4000,
        "fields 1" + "+1" * 4000,
        "fields " + "abs(" * 2000 + "1" + ")" * 2000,
        "limit 1" + " | limit 1" * 900,
        "filter a" + " and a" * 1500,
    ],
)
def test_what_would_go_too_deep_is_refused(query: str) -> None:
    with pytest.raises(MalformedQuery):
        compiled(query)


async def test_the_deepest_that_is_allowed_runs(tmp_path: Path) -> None:
    async with insights_lake(tmp_path / "lake") as lake:
        await write(lake, [("g", ['{"a": 1, "b": {"c": {"d": "x"}}}'])])
        depth = limits.INSIGHTS_DEPTH - 1
        commands = " | ".join(
            f"fields f{number}, a as g{number}" for number in range(limits.INSIGHTS_COMMANDS - 1)
        )
        text = "a"
        for _ in range(depth):
            text = f"concat(trim({text}, 'x'))" if depth % 2 else f"abs({text})"
        for query in (
            f"{commands} | stats count(*) as n",
            "stats count(*) as n" + " | stats count(*) as n" * (limits.INSIGHTS_COMMANDS - 1),
            "filter a = 1" + " or a = 1" * (limits.INSIGHTS_TERMS - 1) + " | stats count(*) as n",
            "fields a | filter " + "abs(" * depth + "a" + ")" * depth + " = 1 | stats count(*) as n",
            "filter " + "isblank(" * depth + "b.c.d" + ")" * depth + " = 0 | stats count(*) as n",
            "filter "
            + "greatest(0, 1 + substr(1, " * (depth // 2)
            + "0"
            + "))" * (depth // 2)
            + " >= 0 | stats count(*) as n",
        ):
            rows, _ = await answer(lake, "g", query)
            assert rows == [{"n": "1"}], query
