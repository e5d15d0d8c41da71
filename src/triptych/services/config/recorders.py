"""The configuration recorder: one per account and region; started, stopped, described."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import (
    CHANNELS,
    RECORDER_STATUSES,
    RECORDERS,
    Recorder,
    RecorderStatus,
)
from triptych.services.config.parts import TYPES
from triptych.services.config.recording import group_of, resolve_group
from triptych.services.config.staging import sweep_soon
from triptych.services.contract import Ctx, operation

_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/.+")


async def the_recorder(ctx: Ctx) -> Recorder | None:
    """The recorder of this account and region."""
    found = await ctx.unit.list(RECORDERS, account=ctx.account, region=ctx.region, limit=1)
    return found[0].value if found else None


async def needs_recorder(ctx: Ctx, message: str) -> Recorder:
    recorder = await the_recorder(ctx)
    if recorder is None:
        raise ServiceError("NoAvailableConfigurationRecorderException", message)
    return recorder


@operation
async def put_configuration_recorder(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create the recorder, or change its role and recording group.

    Partly: only CONTINUOUS recording; no service-linked or multi-cloud recorders; resourceTypes must be built types.
    """
    wanted = params["ConfigurationRecorder"]
    _refuse_unbuilt(wanted)
    name = wanted.get("name") or "default"
    if not _ROLE.fullmatch(wanted.get("roleARN") or ""):
        raise ServiceError("InvalidRoleException", "You have provided a null or empty or invalid role ARN.")
    strategy, types, include_global = resolve_group(wanted.get("recordingGroup"), TYPES)
    existing = await the_recorder(ctx)
    if existing is not None and existing.name != name:
        raise ServiceError(
            "MaxNumberOfConfigurationRecordersExceededException",
            f"Failed to put configuration recorder '{name}' because the maximum number of configuration recorders: "
            "1 is reached.",
        )
    if existing is None:
        # Tags given for a recorder that exists are not applied, as in AWS.
        recorder = Recorder(
            name=name,
            arn=ctx.arn("config", f"configuration-recorder/{name}/{ctx.ids.text(16).lower()}"),
            role_arn=wanted["roleARN"],
            strategy=strategy,
            types=types,
            include_global=include_global,
            tags={tag["Key"]: tag.get("Value", "") for tag in params.get("Tags") or ()},
        )
    else:
        await ctx.unit.get(RECORDERS, name, account=ctx.account, region=ctx.region)
        recorder = msgspec.structs.replace(
            existing,
            role_arn=wanted["roleARN"],
            strategy=strategy,
            types=types,
            include_global=include_global,
        )
        if recorder.recording:
            sweep_soon(ctx)
    ctx.unit.put(RECORDERS, name, recorder, account=ctx.account, region=ctx.region)


def _refuse_unbuilt(wanted: dict[str, Any]) -> None:
    mode = wanted.get("recordingMode") or {}
    frequencies = {mode.get("recordingFrequency", "CONTINUOUS")} | {
        override["recordingFrequency"] for override in mode.get("recordingModeOverrides") or ()
    }
    if "DAILY" in frequencies:
        raise ServiceError(
            "ValidationException",
            "Triptych records continuously; the recording frequency DAILY is not built yet.",
        )
    for member in ("servicePrincipal", "connectorArn", "scopeConfiguration"):
        if wanted.get(member):
            raise ServiceError(
                "ValidationException", f"Triptych does not support {member} of a recorder yet."
            )
    if wanted.get("recordingScope") == "INTERNAL":
        raise ServiceError(
            "ValidationException", "The recording scope INTERNAL is reserved to service-linked recorders."
        )


async def _selected(ctx: Ctx, params: dict[str, Any]) -> Sequence[Recorder]:
    """The recorder, filtered by what a Describe call names."""
    recorder = await the_recorder(ctx)
    names = params.get("ConfigurationRecorderNames") or ()
    for name in names:
        if recorder is None or name != recorder.name:
            raise _no_such(name)
    wanted_arn = params.get("Arn")
    if wanted_arn and (recorder is None or recorder.arn != wanted_arn):
        raise _no_such(wanted_arn)
    if recorder is None or params.get("ServicePrincipal"):
        return ()
    return (recorder,)


def _no_such(name: str) -> ServiceError:
    return ServiceError(
        "NoSuchConfigurationRecorderException",
        f"Cannot find configuration recorder with the specified name '{name}'.",
    )


@operation
async def describe_configuration_recorders(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The recorder with its role and recording group."""
    return {
        "ConfigurationRecorders": [
            {
                "arn": recorder.arn,
                "name": recorder.name,
                "roleARN": recorder.role_arn,
                "recordingGroup": group_of(recorder),
                "recordingMode": {"recordingFrequency": "CONTINUOUS", "recordingModeOverrides": []},
                "recordingScope": "PAID",
            }
            for recorder in await _selected(ctx, params)
        ]
    }


@operation
async def list_configuration_recorders(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The recorder's summary; the recording scope may be filtered."""
    recorder = await the_recorder(ctx)
    scopes = [value for one in params.get("Filters") or () for value in one.get("filterValue") or ()]
    if recorder is None or (scopes and "PAID" not in scopes):
        return {"ConfigurationRecorderSummaries": []}
    return {
        "ConfigurationRecorderSummaries": [
            {"arn": recorder.arn, "name": recorder.name, "recordingScope": "PAID"}
        ]
    }


@operation
async def describe_configuration_recorder_status(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Whether it records, since when, and how the last look at everything went."""
    shown = []
    for recorder in await _selected(ctx, params):
        status = (
            await ctx.unit.get(RECORDER_STATUSES, recorder.name, account=ctx.account, region=ctx.region)
            or RecorderStatus()
        )
        members = {
            "arn": recorder.arn,
            "name": recorder.name,
            "recording": recorder.recording,
            "lastStatus": status.last_status,
            "lastStartTime": status.last_start,
            "lastStopTime": status.last_stop,
            "lastErrorCode": status.error_code or None,
            "lastErrorMessage": status.error_message or None,
            "lastStatusChangeTime": status.changed,
        }
        shown.append({name: value for name, value in members.items() if value is not None})
    return {"ConfigurationRecordersStatus": shown}


async def _named(ctx: Ctx, name: str) -> Recorder:
    recorder = await ctx.unit.get(RECORDERS, name, account=ctx.account, region=ctx.region)
    if recorder is None:
        raise _no_such(name)
    return recorder


@operation
async def start_configuration_recorder(ctx: Ctx, params: dict[str, Any]) -> None:
    """Record from now on, and look at once at everything that is already there."""
    recorder = await _named(ctx, params["ConfigurationRecorderName"])
    if not await ctx.unit.list(CHANNELS, account=ctx.account, region=ctx.region, limit=1):
        raise ServiceError(
            "NoAvailableDeliveryChannelException",
            "Delivery channel is not available to start configuration recorder.",
        )
    if recorder.recording:
        return
    where = {"account": ctx.account, "region": ctx.region}
    status = await ctx.unit.get(RECORDER_STATUSES, recorder.name, **where) or RecorderStatus()
    ctx.unit.put(RECORDERS, recorder.name, msgspec.structs.replace(recorder, recording=True), **where)
    ctx.unit.put(
        RECORDER_STATUSES,
        recorder.name,
        msgspec.structs.replace(status, last_start=ctx.now, last_status="Pending", changed=ctx.now),
        **where,
    )
    sweep_soon(ctx)


@operation
async def stop_configuration_recorder(ctx: Ctx, params: dict[str, Any]) -> None:
    """Record nothing from now on; what was recorded stays."""
    recorder = await _named(ctx, params["ConfigurationRecorderName"])
    if not recorder.recording:
        return
    where = {"account": ctx.account, "region": ctx.region}
    status = await ctx.unit.get(RECORDER_STATUSES, recorder.name, **where) or RecorderStatus()
    ctx.unit.put(RECORDERS, recorder.name, msgspec.structs.replace(recorder, recording=False), **where)
    ctx.unit.put(
        RECORDER_STATUSES, recorder.name, msgspec.structs.replace(status, last_stop=ctx.now), **where
    )


@operation
async def delete_configuration_recorder(ctx: Ctx, params: dict[str, Any]) -> None:
    """Remove the recorder; the items and their history stay and are readable again with the next recorder."""
    recorder = await _named(ctx, params["ConfigurationRecorderName"])
    ctx.unit.delete(RECORDERS, recorder.name, account=ctx.account, region=ctx.region)
    ctx.unit.delete(RECORDER_STATUSES, recorder.name, account=ctx.account, region=ctx.region)
