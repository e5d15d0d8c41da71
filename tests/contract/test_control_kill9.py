"""``kill -9`` of a process that writes: every acknowledged commit is there, and only whole ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from control_kit import HERE, THINGS, Backend

WRITER = """
import asyncio, sys
from control_kit import HERE, THINGS, Thing
from triptych.control.open import open_store
from triptych.kernel.clock import SystemClock
from triptych.kernel.fact import Fact

async def main(url, run):
    clock = SystemClock()
    store = await open_store(url, sync="normal", clock=clock)
    assert await store.leases.acquire("writer"), "the dead one still holds the lease"
    async def caller(name):
        for number in range(1_000_000):
            key = f"{run}.{name}.{number}"
            unit = store.unit()
            unit.put(THINGS, key, Thing(number, "red"), **HERE)
            unit.fact(Fact(id=key, kind="ApiCall", time=clock.now(), subject=key, body={}, **HERE))
            await unit.commit()
            sys.stdout.write(key + "\\n")
            sys.stdout.flush()
    await asyncio.gather(*(caller(name) for name in range(8)))

asyncio.run(main(*sys.argv[1:]))
"""


def acknowledged_until_killed(script: Path, url: str, run: int) -> set[str]:
    """Not by time: the writer is killed while it writes, after so many answers."""
    process = subprocess.Popen(
        [sys.executable, str(script), url, str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
    )
    assert process.stdout is not None
    found = set()
    for _ in range(100 + 57 * run):
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        found.add(line.strip())
    process.kill()
    rest, _ = process.communicate()
    return found | set(rest.split("\n")[:-1])


@pytest.mark.parametrize("rounds", [3])
async def test_acknowledged_commits_survive(backend: Backend, tmp_path: Path, rounds: int) -> None:
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    acknowledged = {
        key for run in range(rounds) for key in acknowledged_until_killed(script, backend.url, run)
    }
    store = await backend.open()
    documents = {document.key for document in await store.unit().list(THINGS, **HERE)}
    red = {document.key for document in await store.unit().list(THINGS, index=("color", "red"))}
    facts = [fact.id for fact in await store.facts_after(0, limit=1_000_000)]
    assert len(acknowledged) > 100 * rounds
    assert acknowledged <= documents
    assert documents == red == set(facts)
    assert len(facts) == len(set(facts))
    assert len(documents - acknowledged) <= 8 * rounds, "more was written than was under way"
