"""Automation documents of schema 0.3: from plain values to a checked runbook. Pure.

Here: the whole of a document's structure; everything that can be known before it runs is checked.
Not here: text (``content``), storage (``library``), execution (``progress``, ``engine``).
Source: Systems Manager user guide, "Systems Manager Automation actions reference" and "Creating runbooks".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from triptych.services.ssm import parameters, selector, template
from triptych.services.ssm.action import Action, InvalidInputs

__all__ = [
    "OUTPUT_PAYLOAD",
    "InvalidRunbook",
    "InvalidSchemaVersion",
    "Output",
    "OutputType",
    "Runbook",
    "Step",
    "parse",
]

OutputType = Literal["String", "StringList", "Integer", "Boolean", "StringMap", "MapList"]
OUTPUT_PAYLOAD = "OutputPayload"
"""The output that holds the whole reply."""

GLOBALS = ("global:DATE_TIME", "global:DATE", "global:REGION", "global:ACCOUNT_ID", "automation:EXECUTION_ID")

_STEP_NAME = re.compile(r"[a-zA-Z0-9_]{3,128}\Z")
_OUTPUT_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}\Z")
_ACTION_NAME = re.compile(r"aws:[a-zA-Z]{3,40}\Z")
_TOP = {
    "schemaVersion",
    "description",
    "assumeRole",
    "parameters",
    "variables",
    "files",
    "mainSteps",
    "outputs",
}
_STEP = {
    "name", "action", "description", "inputs", "outputs", "maxAttempts", "timeoutSeconds",
    "onFailure", "onCancel", "isCritical", "isEnd", "nextStep",
}  # fmt: skip


class InvalidRunbook(ValueError):  # noqa: N818
    """The document cannot be what an automation runs; says where and why."""


class InvalidSchemaVersion(ValueError):  # noqa: N818
    """The document is of a schema other than 0.3."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    selector: str
    type: OutputType


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step as written.

    :param max_attempts: a number, or text with a reference that becomes one; ``timeout_seconds`` likewise.
    :param on_failure: ``Abort``, ``Continue`` or ``step:<name>``; ``on_cancel``: ``Abort`` or ``step:<name>``.
    """

    name: str
    action: str
    inputs: dict[str, Any] = {}
    outputs: tuple[Output, ...] = ()
    max_attempts: int | str = 1
    timeout_seconds: int | str | None = None
    on_failure: str = "Abort"
    on_cancel: str = "Abort"
    is_critical: bool = True
    is_end: bool = False
    next_step: str = ""
    may_lead_to: tuple[str, ...] = ()
    """Steps the inputs of a branch name."""


class Runbook(msgspec.Struct, frozen=True, kw_only=True):
    description: str
    assume_role: str
    parameters: dict[str, parameters.Parameter]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    """``step.Output`` names."""

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def after(self, name: str) -> str:
        """The step written after this one, or nothing."""
        names = [step.name for step in self.steps]
        following = names.index(name) + 1
        return names[following] if following < len(names) else ""


def parse(tree: Any, actions: Mapping[str, Action]) -> Runbook:
    """A document's values as a runbook; raises InvalidSchemaVersion or InvalidRunbook."""
    if not isinstance(tree, dict):
        raise InvalidRunbook("The document must be a map.")
    version = tree.get("schemaVersion")
    if version not in ("0.3", 0.3):
        raise InvalidSchemaVersion(f"Automation documents are of schema version 0.3, not {version!r}.")
    if unknown := sorted(set(tree) - _TOP):
        raise InvalidRunbook(f"Unknown top-level properties: {', '.join(unknown)}.")
    for name in ("variables", "files"):
        if tree.get(name):
            raise InvalidRunbook(f"Triptych does not implement '{name}' in Automation documents.")
    declared = {
        name: _parameter(name, raw) for name, raw in _map(tree.get("parameters"), "parameters").items()
    }
    steps = _steps(tree.get("mainSteps"), actions)
    runbook = Runbook(
        description=_text(tree.get("description"), "description"),
        assume_role=_text(tree.get("assumeRole"), "assumeRole"),
        parameters=declared,
        steps=steps,
        outputs=tuple(_output_references(tree.get("outputs"))),
    )
    _check_targets(runbook)
    _check_references(runbook, actions)
    return runbook


def _parameter(name: str, raw: Any) -> parameters.Parameter:
    try:
        return parameters.parse(name, raw)
    except parameters.InvalidDeclaration as error:
        raise InvalidRunbook(str(error)) from error


def _steps(raw: Any, actions: Mapping[str, Action]) -> tuple[Step, ...]:
    if not isinstance(raw, list) or not raw:
        raise InvalidRunbook("mainSteps must be a list of at least one step.")
    steps = tuple(_step(one, f"mainSteps[{i}]", actions) for i, one in enumerate(raw))
    names = [step.name for step in steps]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidRunbook(f"Step names must be unique: {', '.join(twice)}.")
    return steps


def _step(raw: Any, path: str, actions: Mapping[str, Action]) -> Step:
    if not isinstance(raw, dict):
        raise InvalidRunbook(f"{path} must be a map.")
    name = raw.get("name")
    if not isinstance(name, str) or not _STEP_NAME.match(name):
        raise InvalidRunbook(f"{path}.name {name!r} must match [a-zA-Z0-9_]{{3,128}}.")
    where = f"Step {name}"
    if unknown := sorted(set(raw) - _STEP):
        raise InvalidRunbook(f"{where} has unknown properties: {', '.join(unknown)}.")
    action = _action(raw.get("action"), where, actions)
    inputs = _map(raw.get("inputs"), f"{where}: inputs")
    try:
        action.check(inputs)
        targets = action.steps(inputs)
    except InvalidInputs as error:
        raise InvalidRunbook(f"{where} ({action.name}): {error}.") from error
    on_failure = _choice(raw.get("onFailure"), ("Abort", "Continue"), f"{where}: onFailure")
    return Step(
        name=name,
        action=action.name,
        inputs=inputs,
        outputs=_outputs(raw.get("outputs"), where, action),
        max_attempts=_number(raw.get("maxAttempts"), 1, f"{where}: maxAttempts"),
        timeout_seconds=_number(
            raw.get("timeoutSeconds"), action.timeout_seconds, f"{where}: timeoutSeconds"
        ),
        on_failure=on_failure,
        on_cancel=_choice(raw.get("onCancel"), ("Abort",), f"{where}: onCancel"),
        is_critical=_flag(raw.get("isCritical"), f"{where}: isCritical", default=on_failure != "Continue"),
        is_end=_flag(raw.get("isEnd"), f"{where}: isEnd", default=False),
        next_step=_text(raw.get("nextStep"), f"{where}: nextStep"),
        may_lead_to=targets,
    )


def _action(name: Any, where: str, actions: Mapping[str, Action]) -> Action:
    if not isinstance(name, str) or not _ACTION_NAME.match(name):
        raise InvalidRunbook(f"{where}: action {name!r} must match aws:[a-zA-Z]{{3,40}}.")
    action = actions.get(name)
    if action is None:
        built = ", ".join(sorted(actions))
        raise InvalidRunbook(
            f"{where}: Triptych does not implement the action {name}. It implements {built}."
        )
    return action


def _outputs(raw: Any, where: str, action: Action) -> tuple[Output, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise InvalidRunbook(f"{where}: outputs must be a list.")
    if raw and not action.has_payload:
        raise InvalidRunbook(f"{where}: {action.name} has no outputs to select from.")
    outputs = []
    for one in raw:
        if not isinstance(one, dict) or set(one) - {"Name", "Selector", "Type"}:
            raise InvalidRunbook(f"{where}: an output has Name, Selector and Type.")
        name, path, kind = one.get("Name"), one.get("Selector"), one.get("Type", "String")
        if not isinstance(name, str) or not _OUTPUT_NAME.match(name):
            raise InvalidRunbook(f"{where}: output name {name!r} must match [a-zA-Z0-9_.-]{{1,128}}.")
        if kind not in get_args(OutputType):
            raise InvalidRunbook(
                f"{where}: output {name}: type {kind!r} is not one of {', '.join(get_args(OutputType))}."
            )
        outputs.append(
            Output(name=name, selector=_selector(path, f"{where}: output {name}: Selector"), type=kind)
        )
    names = [output.name for output in outputs]
    if len(set(names)) < len(names) or OUTPUT_PAYLOAD in names:
        raise InvalidRunbook(f"{where}: output names must be unique, and {OUTPUT_PAYLOAD} is taken.")
    return tuple(outputs)


def _selector(path: Any, where: str) -> str:
    if not isinstance(path, str):
        raise InvalidRunbook(f"{where} is required.")
    if not template.is_open(path):
        try:
            selector.parse(path)
        except selector.InvalidSelector as error:
            raise InvalidRunbook(f"{where}: {error}.") from error
    return path


def _output_references(raw: Any) -> list[str]:
    """Document outputs are written ``step.Output`` or ``{{ step.Output }}``."""
    if raw is None:
        return []
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise InvalidRunbook("outputs must be a list of strings.")
    return [template.whole_reference(one) or one for one in raw]


def _check_targets(runbook: Runbook) -> None:
    names = {step.name for step in runbook.steps}
    for step in runbook.steps:
        wanted = [t.removeprefix("step:") for t in (step.on_failure, step.on_cancel) if t.startswith("step:")]
        wanted += [step.next_step] if step.next_step else []
        if missing := sorted({*wanted, *step.may_lead_to} - names):
            raise InvalidRunbook(f"Step {step.name} leads to steps that do not exist: {', '.join(missing)}.")


def _check_references(runbook: Runbook, actions: Mapping[str, Action]) -> None:
    outputs = {
        f"{step.name}.{name}"
        for step in runbook.steps
        if actions[step.action].has_payload
        for name in (OUTPUT_PAYLOAD, *(output.name for output in step.outputs))
    }
    known = {*runbook.parameters, *outputs, *GLOBALS}
    for step in runbook.steps:
        used = [step.inputs, [o.selector for o in step.outputs], step.max_attempts, step.timeout_seconds]
        _check_known(template.references(used), known, f"Step {step.name}")
    _check_known(template.references(runbook.assume_role), {*runbook.parameters, *GLOBALS}, "assumeRole")
    _check_known(iter(runbook.outputs), outputs, "outputs")
    for parameter in runbook.parameters.values():
        _check_known(
            template.references(parameter.default), set(GLOBALS), f"The default of parameter {parameter.name}"
        )


def _check_known(names: Any, known: set[str], where: str) -> None:
    if missing := sorted(set(names) - known):
        shown = ", ".join(f"{{{{ {name} }}}}" for name in missing)
        raise InvalidRunbook(f"{where} refers to what is not there: {shown}.")


# One property each.


def _map(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRunbook(f"{where} must be a map.")
    return value


def _text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRunbook(f"{where} must be a string.")
    return value


def _flag(value: Any, where: str, *, default: bool) -> bool:
    if value is None:
        return default
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise InvalidRunbook(f"{where} must be true or false.")
    return value


def _number(value: Any, default: Any, where: str) -> Any:
    if value is None:
        return default
    if isinstance(value, str) and template.is_open(value):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**9:
        raise InvalidRunbook(f"{where} must be a whole number above 0.")
    return value


def _choice(value: Any, words: tuple[str, ...], where: str) -> str:
    if value is None:
        return "Abort"
    if isinstance(value, str):
        for word in words:
            if value.lower() == word.lower():
                return word
        if value.startswith("step:") and len(value) > len("step:"):
            return "step:" + value.removeprefix("step:").strip()
    raise InvalidRunbook(f"{where} {value!r} is not {', '.join(words)} or step:<name>.")
