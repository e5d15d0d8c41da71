"""Insert tokens after a crash: forgets those whose rows never arrived.

chDB (as ClickHouse's plain MergeTree) first notes an insert's token in ``deduplication_logs`` and then moves
the part with the rows into place. A process killed between the two leaves a token without rows; the repeat of
that insert, which is how its writer recovers, would be absorbed and the rows lost. So before the engine opens
a directory, notes of parts that are not there are removed. The files are the engine's; a file that does not
look as expected is left as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_PART = re.compile(r"(?P<partition>[^_\s]+)_(?P<low>\d+)_(?P<high>\d+)_\d+(_\d+)?\Z")
"""``202611_3_7_1``: partition, first and last block, merge level (mutation)."""
_ADDED = "1"


class _Part(NamedTuple):
    partition: str
    low: int
    high: int


def _part(name: str) -> _Part | None:
    match = _PART.match(name)
    return None if match is None else _Part(match["partition"], int(match["low"]), int(match["high"]))


def kept(notes: Iterable[str], part_names: Iterable[str]) -> list[str]:
    """The notes (``1 TAB part TAB block id``) without those of blocks later than every part of the partition.

    Blocks are numbered upwards and merged parts cover the numbers of what they replaced, so a block beyond
    the last one never became a part. (One inside a gap was removed later, by TTL, and stays known.)
    """
    last: dict[str, int] = {}
    for name in part_names:
        part = _part(name)
        if part is not None:
            last[part.partition] = max(part.high, last.get(part.partition, -1))
    result = []
    for note in notes:
        fields = note.split("\t")
        part = _part(fields[1]) if len(fields) == 3 and fields[0] == _ADDED else None
        if part is None or part.high <= last.get(part.partition, -1):
            result.append(note)
    return result


def forget_lost_inserts(path: Path) -> int:
    """Repair a chDB directory that no process has open; answers how many notes were removed."""
    removed = 0
    for folder in path.glob("store/*/*/deduplication_logs"):
        part_names = [entry.name for entry in os.scandir(folder.parent) if entry.is_dir()]
        for file in folder.glob("deduplication_log_*.txt"):
            notes = file.read_text().splitlines(keepends=True)
            good = kept((note.rstrip("\n") for note in notes), part_names)
            if len(good) == len(notes):
                continue
            removed += len(notes) - len(good)
            new = file.with_suffix(".new")
            new.write_text("".join(f"{note}\n" for note in good))
            new.replace(file)
    return removed
