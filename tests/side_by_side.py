"""How the tests are dealt out to the workers of pytest-xdist: what takes longest first, what shares a server together.

Hooks for ``conftest.py``. A worker is handed whole files, so that the tests of one file run in order, in one process.
"""

from __future__ import annotations

import os

import pytest
from xdist.scheduler import LoadFileScheduling

LONGEST = (
    "tests/web/",
    "tests/sdk/test_incident.py",
    "tests/sdk/",
    "tests/sim/",
    "tests/scripts/",
    "tests/unit/query/",
    "tests/wire/",
    "tests/contract/",
    "tests/unit/services/sns/",
)
"""Where the long files are, longest first: the end is filled with short ones, and no worker is left alone with its last."""

TOGETHER = ("tests/web/",)
"""Folders whose files share what took long to make: one worker runs all of them."""

MOST = 4
"""More workers than this use memory rather than time: each may have a server, its estate and a browser."""


class Dealer(LoadFileScheduling):
    """File by file; a folder of ``TOGETHER`` counts as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def place(file: str) -> int:
    """Where a file stands in the order; those that are not named come last, as they were."""
    return next((n for n, start in enumerate(LONGEST) if file.startswith(start)), len(LONGEST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Dealer:
    return Dealer(config, log)  # type: ignore[arg-type]


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: about a quarter of the time a test waits for somebody."""
    return min(len(os.sched_getaffinity(0)) + 1, MOST)
