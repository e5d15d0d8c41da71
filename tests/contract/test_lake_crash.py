"""chDB after ``kill -9``: what was acknowledged is there, once; a repeat neither doubles nor disappears."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import clickhouse_connect
import pyarrow as pa
import pytest
from sqlglot import exp

from triptych.kernel.clock import SystemClock
from triptych.lake.engine import LakeUnavailable, owner_of
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.table import Column, Table

THINGS = Table(
    name="test_things",
    columns=(Column("account", "String"), Column("region", "String"), Column("id", "String")),
    order_by=("account", "region", "id"),
)

WRITER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_lake_crash import THINGS, opened, row

async def shared(lake, name):
    for n in range(100_000):
        await lake.write(THINGS, [row(f"{name}-{n}")])
        print(f"{name}-{n}", flush=True)

async def alone(lake):
    for n in range(100_000):
        await lake.write(THINGS, [row(f"token-{n}")], token=f"token-{n}")
        print(f"token-{n}", flush=True)

async def main():
    lake = await opened(Path(sys.argv[1]))
    await asyncio.gather(shared(lake, "a"), shared(lake, "b"), alone(lake))

asyncio.run(main())
"""


def row(id_: str) -> dict[str, str]:
    return {"account": "1", "region": "r", "id": id_}


async def opened(path: Path) -> ClickhouseLake:
    return await open_lake(path=path, tables=[THINGS], clock=SystemClock(), flush_seconds=0.002)


async def stored(lake: ClickhouseLake) -> list[str]:
    rows = await lake.select(exp.select("id").from_("test_things"), account="1", region=None)
    return [row["id"] for row in rows]


def start_writer(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("acknowledgements", [1, 40, 173])
async def test_kill(tmp_path: Path, acknowledgements: int) -> None:
    path = tmp_path / "lake"
    child = start_writer(path)
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().strip() for _ in range(acknowledgements)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
    child.wait()
    child.stdout.close()

    lake = await opened(path)
    try:
        after_crash = await stored(lake)
        assert set(acknowledged) <= set(after_crash)
        tokens = [f"token-{n}" for n in range(sum(id_.startswith("token") for id_ in acknowledged) + 1)]
        for token in tokens:  # the last one was perhaps half done
            await lake.write(THINGS, [row(token)], token=token)
        repeated = await stored(lake)
        assert len(repeated) == len(set(repeated)), "a row is there twice"
        assert set(repeated) == set(after_crash) | set(tokens)
    finally:
        await lake.close()


async def lose_the_rows_of_the_last_insert(path: Path) -> None:
    """What a process killed between noting the token and moving the part into place leaves behind."""
    lake = await opened(path)
    await lake.write(THINGS, [row("kept")], token="kept")
    await lake.write(THINGS, [row("lost")], token="lost")
    await lake.close()
    shutil.rmtree(last_part(path))


def last_part(path: Path) -> Path:
    """The newest part of our table."""
    parts = [
        part for part in path.glob("store/*/*/all_*_*_0") if table_of(path, part.parent.name) == THINGS.name
    ]
    return max(parts, key=lambda part: int(part.name.split("_")[2]))


def table_of(path: Path, uuid: str) -> str:
    return next(file.stem for file in path.glob("store/*/*/*.sql") if uuid.encode() in file.read_bytes())


async def test_the_repeat_of_a_lost_insert_is_not_absorbed(tmp_path: Path) -> None:
    await lose_the_rows_of_the_last_insert(tmp_path / "lake")
    lake = await opened(tmp_path / "lake")
    try:
        assert await stored(lake) == ["kept"]
        await lake.write(THINGS, [row("kept")], token="kept")
        await lake.write(THINGS, [row("lost")], token="lost")
        assert sorted(await stored(lake)) == ["kept", "lost"]
    finally:
        await lake.close()


async def test_the_engine_alone_would_absorb_it(tmp_path: Path) -> None:
    """Why lake/replay.py is there. When this fails the engine has learnt it and the module can go."""
    await lose_the_rows_of_the_last_insert(tmp_path / "lake")
    client = clickhouse_connect.get_client(interface="chdb", path=str(tmp_path / "lake"), database="triptych")
    try:
        data = pa.table({name: [value] for name, value in row("lost").items()})
        client.insert_arrow("test_things", data, settings={"insert_deduplication_token": "lost"})
        assert client.query("SELECT id FROM test_things").result_rows == [("kept",)]
    finally:
        client.close()


async def test_a_lake_in_use_says_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "lake"
    child = start_writer(path)
    assert child.stdout is not None
    child.stdout.readline()
    assert owner_of(path) == child.pid
    with pytest.raises(LakeUnavailable, match=f"open in process {child.pid}"):
        await opened(path)
    child.kill()
    child.wait()
    child.stdout.close()
    assert owner_of(path) is None
    lake = await opened(path)
    assert owner_of(path) == os.getpid()
    await lake.close()
    assert owner_of(path) is None


async def test_a_lake_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, url in [
        (tmp_path / "file", ""),
        (None, "http://someone:hunter2@127.0.0.1:1/db"),
        (None, "ftp://x"),
    ]:
        with pytest.raises(LakeUnavailable) as refusal:
            await open_lake(path=path, url=url, tables=[], clock=SystemClock(), flush_seconds=0.0)
        assert "hunter2" not in str(refusal.value)
    for path, url in [(None, ""), (tmp_path, "http://x")]:
        with pytest.raises(ValueError, match="a path or a URL"):
            await open_lake(path=path, url=url, tables=[], clock=SystemClock(), flush_seconds=0.0)
