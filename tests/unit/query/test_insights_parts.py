"""Every command and function: their own cases on the lake."""

from __future__ import annotations

from pathlib import Path

from insights_lake import answer, insights_lake, shown, write

from triptych.query.insights import COMMANDS, FUNCTIONS, REFUSED


def test_every_part_has_cases_and_words() -> None:
    for part in (*COMMANDS.values(), *FUNCTIONS.values()):
        assert part.cases, part.name
        assert part.docs.endswith("."), part.name
    assert not set(REFUSED) & set(COMMANDS)


async def test_functions(tmp_path: Path) -> None:
    async with insights_lake(tmp_path / "lake") as lake:
        functions = {function.name: function for function in FUNCTIONS.values()}
        cases = [(function, case) for function in functions.values() for case in function.cases]
        await write(lake, [(f"g{number}", case.messages) for number, (_, case) in enumerate(cases)])
        wrong = []
        for number, (function, case) in enumerate(cases):
            command = "stats" if function.aggregate else "display"
            rows, _ = await answer(lake, f"g{number}", f"{command} {case.expression} as x")
            expected = [{}] if case.expected is None else [{"x": case.expected}]
            if rows != expected:
                wrong.append(f"{case.expression}: {rows}, not {expected}")
    assert len(cases) > 100 and not wrong, "\n".join(wrong)


async def test_commands(tmp_path: Path) -> None:
    async with insights_lake(tmp_path / "lake") as lake:
        cases = [case for command in COMMANDS.values() for case in command.cases]
        await write(lake, [(f"g{number}", case.messages) for number, case in enumerate(cases)])
        wrong = []
        for number, case in enumerate(cases):
            rows, _ = await answer(lake, f"g{number}", case.query)
            found = tuple(map(shown, rows))
            if found != case.rows:
                wrong.append(f"{case.query}: {found}, not {case.rows}")
    assert not wrong, "\n".join(wrong)
