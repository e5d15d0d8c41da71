"""Every ``metrics/*.script``, each in an account of its own on one real lake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from triptych.kernel.clock import SystemClock
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.testing.metric_script import parse, run
from triptych.testing.script import ScriptFailed

SCRIPTS = sorted((Path(__file__).parent / "metrics").glob("*.script"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def lake(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClickhouseLake]:
    path = tmp_path_factory.mktemp("lake") / "lake"
    lake = await open_lake(path=path, tables=(POINTS, METRICS), clock=SystemClock(), flush_seconds=0.0)
    yield lake
    await lake.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
async def test_script(script: Path, lake: ClickhouseLake, tmp_path: Path) -> None:
    account = f"{SCRIPTS.index(script) + 1:012d}"
    text = script.read_text()  # noqa: ASYNC240 - a test may wait for a file
    assert await run(text, lake=lake, directory=tmp_path, account=account) >= 1


def test_there_are_scripts_of_each_kind():
    kinds = {path.stem.partition("_")[0] for path in SCRIPTS}
    assert kinds == {"anomaly", "statistics", "math", "search", "select"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("put cpu 1", "asks nothing"),
        ("stat Sum cpu", "a question without an answer"),
        ("= 1", "an answer to nothing"),
        ("put cpu 1\n= 1", "an answer to nothing"),
        ("hope cpu 1", "no statement 'hope'"),
    ],
)
def test_scripts_that_cannot_be(text, message):
    with pytest.raises(ScriptFailed, match=message):
        parse(text)


WRONG = [
    "= 1",
    "= 1 2 3",
    "= 1 3",
    "= 2 1",
    "= 1 2.0001",
    "= mem: 1 2",
    "none",
    "= 1 2\n= 1 2",
    "error of some kind",
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "answer"), list(enumerate(WRONG)))
@pytest.mark.parametrize("question", ["stat Sum cpu", "let m1 Sum cpu\nmath m1 * 1"])
async def test_answers_can_be_wrong(
    question: str, number: int, answer: str, lake: ClickhouseLake, tmp_path: Path
) -> None:
    account = f"{8 if question.startswith('stat') else 9}{number:011d}"
    text = f"put cpu 1 2\n{question}\n"
    with pytest.raises(ScriptFailed, match=r"line \d"):
        await run(text + answer, lake=lake, directory=tmp_path, account=account)
