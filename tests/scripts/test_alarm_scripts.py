"""Every ``alarms/*.script``, each in an account of its own on one real lake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from triptych.kernel.clock import SystemClock
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.services.cloudwatch import alarms
from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.testing.script import ScriptFailed, parse, run

SCRIPTS = sorted((Path(__file__).parent / "alarms").glob("*.script"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def lake(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClickhouseLake]:
    tables = (POINTS, METRICS, *alarms.TABLES)
    lake = await open_lake(
        path=tmp_path_factory.mktemp("lake") / "lake", tables=tables, clock=SystemClock(), flush_seconds=0.0
    )
    yield lake
    await lake.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
async def test_script(script: Path, lake: ClickhouseLake, tmp_path: Path) -> None:
    account = f"{SCRIPTS.index(script) + 1:012d}"
    text = script.read_text()  # noqa: ASYNC240 - a test may wait for a file
    assert await run(text, lake=lake, directory=tmp_path, account=account) >= 1


def test_there_are_scripts():
    assert len(SCRIPTS) >= 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("expect cpu", "expects nothing"),
        ("at 1m expect", "expects nothing"),
        ("alarm cpu Average cpu > 1 1 x 1m", "the script expects nothing"),
        ("hope cpu OK", "no statement 'hope'"),
        ("at noon expect cpu OK", "no time"),
    ],
)
def test_scripts_that_cannot_be(text, message):
    with pytest.raises(ScriptFailed, match=message):
        parse(text)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("number", "expectation"),
    list(
        enumerate(
            [
                "expect cpu ALARM",
                "expect cpu OK because I say so",
                "expect cpu went -",
                "expect cpu went OK@2m",
                "expect cpu acted -",
                "expect disk OK",
                "expect cpu hopefully",
            ]
        )
    ),
)
async def test_expectations_can_fail(
    number: int, expectation: str, lake: ClickhouseLake, tmp_path: Path
) -> None:
    text = f"alarm cpu Average cpu > 80 1 x 1m\nload 1m cpu 10 10\nat 1m {expectation}"
    with pytest.raises(ScriptFailed, match="line 3"):
        await run(text, lake=lake, directory=tmp_path, account=f"9{number:011d}")
