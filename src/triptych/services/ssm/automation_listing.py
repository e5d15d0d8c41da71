"""Operations that list automations and their steps, with AWS's filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.ssm.automations import existing
from triptych.services.ssm.execution import EXECUTIONS, Execution, StepRun, metadata_view, step_view
from triptych.services.ssm.paging import page

Passes = Callable[[Any, Sequence[str]], bool]


@operation
async def describe_automation_executions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Automations of the last 30 days, newest first."""
    filters = _filters(params, _EXECUTION_FILTERS)
    stored = await ctx.unit.list(EXECUTIONS, account=ctx.account, region=ctx.region)
    found = [d.value for d in stored if all(passes(d.value, values) for passes, values in filters)]
    found.sort(key=_newest_first)
    shown, token = page(
        found, f"DescribeAutomationExecutions/{params.get('Filters')}", params, position=_newest_first
    )
    return _with_token({"AutomationExecutionMetadataList": [metadata_view(e) for e in shown]}, token)


@operation
async def describe_automation_step_executions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The steps of one automation that have begun, in the order they did (or the opposite one)."""
    filters = _filters(params, _STEP_FILTERS)
    execution = await existing(ctx, params["AutomationExecutionId"])
    begun = sorted((run for run in execution.steps if run.start), key=lambda run: (run.start, run.id))
    if params.get("ReverseOrder"):
        begun.reverse()
    places = [(place, run) for place, run in enumerate(begun)]
    found = [(p, run) for p, run in places if all(passes(run, values) for passes, values in filters)]
    listing = f"DescribeAutomationStepExecutions/{execution.id}/{params.get('ReverseOrder')}/{params.get('Filters')}"
    shown, token = page(found, listing, params, position=lambda entry: entry[0])
    return _with_token({"StepExecutions": [step_view(run) for _, run in shown]}, token)


def _newest_first(execution: Execution) -> list[Any]:
    return [-execution.start.timestamp(), execution.id]


def _filters(params: Mapping[str, Any], known: Mapping[str, Passes]) -> list[tuple[Passes, Sequence[str]]]:
    filters = []
    for one in params.get("Filters") or []:
        key, values = one["Key"], one["Values"]
        passes = known.get(key)
        if passes is None:
            raise ServiceError("InvalidFilterKey", f"The specified filter key {key} is not valid.")
        if key.startswith("StartTime"):
            for value in values:
                _time(value)
        filters.append((passes, values))
    return filters


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ServiceError(
            "InvalidFilterValue", f"The filter value {text} is not a time such as 2026-01-31T12:00:00Z."
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _never(thing: Any, values: Sequence[str]) -> bool:  # noqa: ARG001
    """For what automations here never have: parents, OpsItems, change requests, iterations."""
    return False


def _before(thing: Execution | StepRun, values: Sequence[str]) -> bool:
    return thing.start is not None and all(thing.start <= _time(value) for value in values)


def _after(thing: Execution | StepRun, values: Sequence[str]) -> bool:
    return thing.start is not None and all(thing.start >= _time(value) for value in values)


def _current_action(execution: Execution, values: Sequence[str]) -> bool:
    return any(run.id == execution.current and run.action in values for run in execution.steps)


_EXECUTION_FILTERS: Mapping[str, Passes] = {
    "DocumentNamePrefix": lambda e, values: e.document_name.startswith(tuple(values)),
    "ExecutionStatus": lambda e, values: e.status in values,
    "ExecutionId": lambda e, values: e.id in values,
    "ParentExecutionId": _never,
    "CurrentAction": _current_action,
    "StartTimeBefore": _before,
    "StartTimeAfter": _after,
    "AutomationType": lambda e, values: "Local" in values,  # noqa: ARG005
    "TagKey": lambda e, values: any(key in values for key in e.tags),
    "TargetResourceGroup": _never,
    "AutomationSubtype": _never,
    "OpsItemId": _never,
}

_STEP_FILTERS: Mapping[str, Passes] = {
    "StartTimeBefore": _before,
    "StartTimeAfter": _after,
    "StepExecutionStatus": lambda run, values: run.status in values,
    "StepExecutionId": lambda run, values: run.id in values,
    "StepName": lambda run, values: run.name in values,
    "Action": lambda run, values: run.action in values,
    "ParentStepExecutionId": _never,
    "ParentStepIteration": _never,
    "ParentStepIteratorValue": _never,
}


def _with_token(result: dict[str, Any], token: str | None) -> dict[str, Any]:
    return result | ({"NextToken": token} if token else {})
