"""Our records against 3,003 real ones: put the call back together from a record, record it, compare.

The way back (real record -> model members) matches names by their letters alone, so it shares no table with the
code under test. What cannot be put back (defaults AWS adds that no client sent, internal events, operations the
models do not have) counts against us or is listed, never skipped silently.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from triptych.edge.read_only import read_only
from triptych.kernel.context import Identity
from triptych.kernel.fact import ApiCall, Fact
from triptych.services.cloudtrail import events
from triptych.services.cloudtrail.record import record
from triptych.wire.model import event_source, service_model, service_names

DATA = Path(__file__).parent / "data"

NOT_API_CALLS = {
    ("ec2", "SharedSnapshotVolumeCreated"),
    ("secretsmanager", "StartSecretVersionDelete"),
    ("secretsmanager", "EndSecretVersionDelete"),
    ("s3", "GetStorageLensDashboardDataInternal"),
    ("signin", "ConsoleLogin"),
    ("signin", "CheckMfa"),
    ("ssm", "UpdateInstanceInformation"),
    ("ssm", "UpdateInstanceAssociationStatus"),
    ("ssm", "ListInstanceAssociations"),
    ("rds", "DescribeRecommendations"),
    ("rds", "DescribeRecommendationGroups"),
}
"""Service events, console sign-ins and internal operations: no public API has them."""


@cache
def real_records() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(DATA.glob("*.jsonl.gz"))
        for line in gzip.open(path, "rt", encoding="utf-8")
    ]


def source_of(real: dict[str, Any]) -> str:
    return real["eventSource"].partition(".")[0]


@cache
def operations() -> dict[tuple[str, str], OperationModel]:
    """(event source, event name) -> operation, over the services the data has; the first service wins."""
    wanted = {source_of(real) for real in real_records()}
    found: dict[tuple[str, str], OperationModel] = {}
    for service in service_names():
        source = events.event_source(service, event_source(service)).partition(".")[0]
        if source not in wanted or service in ("neptune", "docdb"):
            continue
        model = service_model(service)
        for name in model.operation_names:
            key = (source, events.event_name(service, name, model.api_version))
            if name in ("ListObjects", "GetBucketLifecycle", "PutBucketLifecycle"):
                continue  # the current operation has the same event name
            found.setdefault(key, model.operation_model(name))
    return found


def letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def like(recorded: str, member: str, shape: Shape) -> bool:
    """Whether a recorded name can be this member: same letters, or a set of the member's items."""
    key = letters(recorded)
    wires = {letters(member), letters(str(shape.serialization.get("name", member)))}
    if key in wires:
        return True
    if isinstance(shape, ListShape):
        stem = key.removesuffix("set").removesuffix("s")
        forms = {re.sub(r"(ids?|names?|s)$", "", w) for w in wires} | {w.removesuffix("s") for w in wires}
        aliases = {
            "sharedusers": "restorablebyuserids",
            "shareduser": "restorablebyuserids",
            "executableby": "executableusers",
            "resource": "resources",
            "group": "groups",
            "securitygroupid": "groupids",
            "accountattributename": "attributenames",
        }
        return stem in forms or letters(member) == aliases.get(stem, "")
    return False


def items_of(value: Any) -> list[Any]:
    """The list a recorded set, numbered list or collapsed list stands for."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        for key in ("items", "item", "member"):
            if key in value:
                return value[key] if isinstance(value[key], list) else [value[key]]
        return [value] if value else []
    return [] if value == "" else [value]


def back(value: Any, shape: Shape) -> Any:
    """A recorded value in the model's members; raises LookupError for a name no member can have."""
    if value == "HIDDEN_DUE_TO_SECURITY_REASONS":
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return dict(back_member(n, v, shape) for n, v in value.items() if n not in ("tag", "xmlns"))
    if isinstance(shape, ListShape):
        return [back(back_item(each, shape.member), shape.member) for each in items_of(value)]
    if isinstance(shape, MapShape):
        return value
    return value


def back_item(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape) or not isinstance(value, dict):
        return value
    value = {k: v for k, v in value.items() if k != "tag"}
    return next(iter(value.values())) if len(value) == 1 else value


def back_member(name: str, value: Any, shape: StructureShape) -> tuple[str, Any]:
    exact = [
        m
        for m, s in shape.members.items()
        if letters(name) in (letters(m), letters(str(s.serialization.get("name", m))))
    ]
    near = exact or [m for m, s in shape.members.items() if like(name, m, s)]
    if len(near) > 1:  # securityGroupSet may be names or ids: the item's own name decides
        inner = {letters(k) for each in items_of(value) if isinstance(each, dict) for k in each}
        near = [m for m in near if any(i in letters(m) for i in inner)] or near[:1]
    if not near:
        raise LookupError(f"{shape.name} has no member like {name}")
    member = near[0]
    return member, back(value, shape.members[member])


SPECIAL = {"attributeType": "Attribute", "zone": "AvailabilityZone", "bucketPolicy": "Policy"}


def call_of(real: dict[str, Any], operation: OperationModel) -> ApiCall:
    service = operation.service_model.service_name
    shape = operation.input_shape
    recorded = dict(real["requestParameters"] or {})
    host = recorded.pop("Host", "")
    if len(recorded) == 1 and (newer := recorded.get(f"{operation.name}Request")) is not None:
        recorded = newer or {}
    if service == "ec2":
        recorded = {k: v for k, v in recorded.items() if v != {}}  # sets AWS adds to every Describe call
        if operation.name == "RunInstances" and recorded:
            first = recorded.pop("instancesSet")["items"][0]
            recorded = {**first, **recorded}
    parameters: dict[str, Any] = {}
    if service == "s3":
        query = operation.http["requestUri"].partition("?")[2].partition("=")[0]
        recorded.pop(query, None)
    for name, value in recorded.items():
        if service == "s3" and name == "bucketName":
            parameters["Bucket"] = value
        elif name in SPECIAL:
            parameters[SPECIAL[name]] = json.dumps(value) if name == "bucketPolicy" else value
        else:
            assert shape is not None, f"{operation.name} takes no input"
            member, given = (s3_member if service == "s3" else back_member)(name, value, shape)
            parameters[member] = given
    return ApiCall(
        service=service,
        operation=operation.name,
        event_source=event_source(service),
        api_version=operation.service_model.api_version,
        request_id=real.get("requestID", ""),
        identity=Identity(kind="IAMUser", account="1"),
        source_ip="1.2.3.4",
        user_agent="test",
        host=host,
        read_only=read_only(service, operation.name),
        status=400 if real.get("errorCode") else 200,
        parameters=parameters,
        error_code=real.get("errorCode", ""),
    )


def s3_member(name: str, value: Any, shape: StructureShape) -> tuple[str, Any]:
    for member, of in shape.members.items():
        if of.serialization.get("name", member) == name or (name, member) == ("key", "Key"):
            return member, value if of.serialization.get("location") else s3_back(value, of)
    raise LookupError(f"S3 {shape.name} has no {name}")


def s3_back(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        out = {}
        for name, each in value.items():
            if name == "xmlns":
                continue
            for member, of in shape.members.items():
                if of.serialization.get("name", member) == name:
                    out[member] = s3_back(each, of)
                    break
            else:
                raise LookupError(f"S3 {shape.name} has no {name}")
        return out
    if isinstance(shape, ListShape):
        if not shape.serialization.get("flattened") and isinstance(value, dict):
            value = next(iter(value.values()))
        return [s3_back(each, shape.member) for each in (value if isinstance(value, list) else [value])]
    return ("true" if value else "false") if isinstance(value, bool) else value


def recorded_again(call: ApiCall) -> dict[str, Any]:
    fact = Fact(
        id="e",
        kind="ApiCall",
        account="1",
        region="us-east-1",
        time=datetime(2023, 7, 10, tzinfo=UTC),
        subject="",
        body=msgspec.to_builtins(call),
    )
    return record(fact)


def names_in(value: Any, path: str = "") -> set[str]:
    """Every member name with its path; list positions do not matter."""
    if isinstance(value, dict):
        return {f"{path}/{k}" for k in value} | {
            n for k, v in value.items() for n in names_in(v, f"{path}/{k}")
        }
    if isinstance(value, list):
        return {n for each in value for n in names_in(each, path)}
    return set()


def compared() -> tuple[int, int, int, Counter[str]]:
    """(records that are API calls, same top-level names, same names at every depth, what was wrong how often)."""
    total = top = deep = 0
    wrong: Counter[str] = Counter()
    for real in real_records():
        key = (source_of(real), real["eventName"])
        if key in NOT_API_CALLS:
            continue
        total += 1
        operation = operations().get(key)
        if operation is None:
            wrong[f"{key}: no operation"] += 1
            continue
        try:
            ours = recorded_again(call_of(real, operation))["requestParameters"]
        except LookupError as error:
            wrong[f"{key}: {error}"] += 1
            continue
        theirs = real["requestParameters"]
        if set(ours or {}) == set(theirs or {}):
            top += 1
            if names_in(ours) == names_in(theirs):
                deep += 1
            else:
                wrong[f"{key} deep: {sorted(names_in(ours) ^ names_in(theirs))[:6]}"] += 1
        else:
            wrong[
                f"{key}: ours {sorted(set(ours or {}) - set(theirs or {}))} theirs {sorted(set(theirs or {}) - set(ours or {}))}"
            ] += 1
    return total, top, deep, wrong


def response_of(real: dict[str, Any], operation: OperationModel) -> dict[str, Any] | None:
    """The reply's members a real record's responseElements came from."""
    recorded = real["responseElements"]
    shape = operation.output_shape
    if recorded is None or shape is None:
        return None if recorded is None else {}
    service = operation.service_model.service_name
    if service == "ec2":
        recorded = recorded.get(f"{operation.name}Response", recorded)
        returned = recorded.get("_return")
        recorded = {k: v for k, v in recorded.items() if k not in ("requestId", "_return", "xmlns")}
        out = dict(back_member(name, value, shape) for name, value in recorded.items())
        return {**out, "Return": returned} if "Return" in shape.members and returned is not None else out
    wrapper = next(iter(shape.members), "")
    if service == "rds" and len(shape.members) == 1 and isinstance(shape.members[wrapper], StructureShape):
        inner = shape.members[wrapper]
        return {wrapper: dict(back_member(name, value, inner) for name, value in recorded.items())}
    return dict(back_member(name, value, shape) for name, value in recorded.items())


def responses_compared() -> tuple[int, int, Counter[str]]:
    total = same = 0
    wrong: Counter[str] = Counter()
    for real in real_records():
        key = (source_of(real), real["eventName"])
        operation = operations().get(key)
        if key in NOT_API_CALLS or operation is None or real.get("errorCode"):
            continue
        if read_only(operation.service_model.service_name, operation.name) and not real["responseElements"]:
            continue
        total += 1
        try:
            call = msgspec.structs.replace(
                call_of({**real, "requestParameters": None}, operation), response=response_of(real, operation)
            )
        except LookupError as error:
            wrong[f"{key}: {error}"] += 1
            continue
        ours = recorded_again(call)["responseElements"]
        if names_in(ours) == names_in(real["responseElements"]):
            same += 1
        else:
            wrong[f"{key}: {sorted(names_in(ours) ^ names_in(real['responseElements']))[:5]}"] += 1
    return total, same, wrong


def test_request_parameters_have_the_names_real_records_have() -> None:
    """2,921 of 2,932 (99.6 %); the rest hold members the public models do not have (``fullyQualifiedArn``)."""
    total, top, deep, wrong = compared()
    assert total == 2932
    assert top >= 2921, wrong
    assert deep >= 2921, wrong


def test_response_elements_have_the_names_real_records_have() -> None:
    """439 of 462 (95 %)."""
    total, same, wrong = responses_compared()
    assert total == 462
    assert same >= 439, wrong


def test_members_come_in_the_order_aws_emits_them() -> None:
    in_order = [r for r in real_records() if "@version" not in r]  # one data set was sorted on its way
    assert len(in_order) > 2800
    for real in in_order:
        operation = operations().get((source_of(real), real["eventName"]))
        if operation is None or (source_of(real), real["eventName"]) in NOT_API_CALLS:
            continue
        call = call_of({**real, "requestParameters": None}, operation)
        shared = [name for name in recorded_again(call) if name in real]
        assert shared == [name for name in real if name in shared]


def test_error_codes_are_spelled_as_real_records_spell_them() -> None:
    wire = {"NoSuchEntityException": "NoSuchEntity", "InvalidDBInstanceStateFault": "InvalidDBInstanceState"}
    seen = set()
    for real in real_records():
        code = real.get("errorCode")
        operation = operations().get((source_of(real), real["eventName"]))
        if not code or operation is None:
            continue
        sent = wire.get(code, code).removeprefix("Client.")
        call = call_of({**real, "requestParameters": None, "errorCode": sent}, operation)
        assert recorded_again(call)["errorCode"] == code
        seen.add(code)
    assert len(seen) >= 30


def test_read_only_and_category_agree_with_real_records() -> None:
    checked = 0
    for real in real_records():
        operation = operations().get((source_of(real), real["eventName"]))
        if operation is None or "readOnly" not in real:
            continue
        ours = recorded_again(call_of({**real, "requestParameters": None}, operation))
        assert ours["readOnly"] == real["readOnly"], real["eventName"]
        if "eventCategory" in real:
            assert ours["eventCategory"] == real["eventCategory"], real["eventName"]
            assert ours["managementEvent"] == real["managementEvent"]
            checked += 1
    assert checked > 2700
