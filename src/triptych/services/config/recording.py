"""What a recorder records: the recording group decided, checked and shown. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import Recorder

__all__ = ["group_of", "records", "resolve_group"]

_ALL = "ALL_SUPPORTED_RESOURCE_TYPES"
_ONLY = "INCLUSION_BY_RESOURCE_TYPES"
_EXCEPT = "EXCLUSION_BY_RESOURCE_TYPES"

_GLOBAL = frozenset({"AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"})
"""What includeGlobalResourceTypes is about: AWS's own four, to which it adds none."""


def records(recorder: Recorder, resource_type: str) -> bool:
    """Whether a recorder that is running records the type."""
    if not recorder.recording:
        return False
    if recorder.strategy == _ALL:
        return recorder.include_global or resource_type not in _GLOBAL
    return (resource_type in recorder.types) == (recorder.strategy == _ONLY)


def resolve_group(
    group: Mapping[str, Any] | None, built: Collection[str]
) -> tuple[str, tuple[str, ...], bool]:
    """A RecordingGroup -> (strategy, types, include global types); refuses contradictions as AWS does.

    A type to record that is not built is refused by name: AWS accepts what a region lacks, but a recorder that
    silently leaves out what was asked for is worse than an error. To leave out what is not built is harmless.
    """
    if group is None:
        return _ALL, (), False
    everything = bool(group.get("allSupported"))
    include_global = bool(group.get("includeGlobalResourceTypes"))
    only = tuple(group.get("resourceTypes") or ())
    excluded = tuple((group.get("exclusionByResourceTypes") or {}).get("resourceTypes") or ())
    strategy = (group.get("recordingStrategy") or {}).get("useOnly") or (
        _ALL if everything else _EXCEPT if excluded else _ONLY
    )
    if include_global and strategy == _ONLY:
        raise _invalid(
            "The recording group provided is not valid: includeGlobalResourceTypes requires allSupported."
        )
    if strategy == _ALL:
        if only or excluded or not everything:
            raise _invalid(
                "The recording group provided is not valid: to record all supported types set allSupported to true "
                "and give neither resourceTypes nor exclusionByResourceTypes."
            )
        return strategy, (), include_global
    if everything:
        raise _invalid(
            f"The recording group provided is not valid: allSupported must be false with the strategy {strategy}."
        )
    if strategy == _ONLY:
        return strategy, _checked(only, excluded, built), False
    if not excluded or only:
        raise _invalid(
            "The recording group provided is not valid: the exclusion strategy needs exclusionByResourceTypes and no "
            "resourceTypes."
        )
    return strategy, excluded, include_global


def _checked(only: tuple[str, ...], excluded: tuple[str, ...], built: Collection[str]) -> tuple[str, ...]:
    if not only or excluded:
        raise _invalid(
            "The recording group provided is not valid: give either allSupported, resourceTypes or "
            "exclusionByResourceTypes."
        )
    missing = sorted(set(only) - set(built))
    if missing:
        raise _invalid(
            f"Triptych does not record {', '.join(missing)} yet. It records: {', '.join(sorted(built))}."
        )
    return only


def group_of(recorder: Recorder) -> dict[str, Any]:
    """The RecordingGroup as Describe shows it."""
    group: dict[str, Any] = {
        "allSupported": recorder.strategy == _ALL,
        "includeGlobalResourceTypes": recorder.include_global,
        "resourceTypes": list(recorder.types) if recorder.strategy == _ONLY else [],
        "recordingStrategy": {"useOnly": recorder.strategy},
    }
    if recorder.strategy == _EXCEPT:
        group["exclusionByResourceTypes"] = {"resourceTypes": list(recorder.types)}
    return group


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRecordingGroupException", message)
