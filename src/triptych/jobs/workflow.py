"""Workflows: work of several steps that continues after the last finished one.

A step's result is committed before the next step begins. A step interrupted between doing and committing is
done again: what a step does must bear that, as everything done at least once must.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from triptych.control.collection import Collection
from triptych.control.store import Unit
from triptych.kernel.errors import Defect


class UnitSource(Protocol):
    """A ``ControlStore``, for its units."""

    def unit(self) -> Unit: ...


class StepResult(msgspec.Struct, frozen=True):
    """``result``: JSON-safe."""

    result: Any


STEP_RESULTS: Collection[StepResult] = Collection(name="jobs.step_results", type=StepResult, scope="global")


class Workflow:
    """One run of a workflow, named by an id that is unique for ever (an execution id, a job id)."""

    def __init__(self, store: UnitSource, workflow_id: str) -> None:
        if not workflow_id or _SEPARATOR in workflow_id:
            raise Defect(f"not a workflow's id: {workflow_id!r}")
        self._store = store
        self._id = workflow_id

    async def step(self, name: str, run: Callable[[Unit], Awaitable[Any]]) -> Any:
        """The step's result: remembered if it was finished before, otherwise by doing it now.

        :param run: does the step; what it stages on the unit is committed with its result, which must be
            JSON-safe. What it raises is raised, and nothing is remembered.
        Raises Conflict when what it read was changed, or when the same workflow runs somewhere else too.
        """
        unit = self._store.unit()
        done = await unit.get(STEP_RESULTS, self._key(name))
        if done is not None:
            return done.result
        # As it will be read back, so that a first run and a resumed one see the same.
        result = msgspec.json.decode(msgspec.json.encode(await run(unit)))
        unit.put(STEP_RESULTS, self._key(name), StepResult(result))
        await unit.commit()
        return result

    async def forget(self, unit: Unit) -> None:
        """Stage the removal of every remembered result, for the commit that ends the workflow."""
        for document in await unit.list(STEP_RESULTS, prefix=self._key("")):
            unit.delete(STEP_RESULTS, document.key)

    def _key(self, name: str) -> str:
        return f"{self._id}{_SEPARATOR}{name}"


_SEPARATOR = "\n"
"""Stands in no id, so one workflow's prefix is never another's."""
