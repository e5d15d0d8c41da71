"""Every resource type and rule that is in its folder is right: the cases it carries, its calls, its property paths."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import ACCOUNT, EVALUATED, ManagedRule
from triptych.services.config.managed_rule import Case as RuleCase
from triptych.services.config.parts import KNOWN_RULES, RULES, TYPES
from triptych.services.config.resource_type import Case, ResourceType, Touch
from triptych.wire.model import operation_model
from triptych.wire.validate import validate

DATA = Path(__file__).parent / "data"
SCHEMA = json.loads(gzip.decompress((DATA / "query_schema.json.gz").read_bytes()))
SCHEMA = SCHEMA.get("types", SCHEMA)
RECORDED = [entry["item"] for entry in json.loads((DATA / "recorded_items.json").read_text())]
TIME = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

type_cases = pytest.mark.parametrize(
    ("kind", "case"),
    [
        pytest.param(kind, case, id=f"{kind.name}: {case.name}")
        for kind in TYPES.values()
        for case in kind.cases
    ],
)
types = pytest.mark.parametrize("kind", TYPES.values(), ids=list(TYPES))
rules = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


class Script:
    """Answers the calls of one case and remembers them; a list of replies is given one after the other."""

    def __init__(self, case: Case | RuleCase) -> None:
        self.replies = {
            name: list(reply) if isinstance(reply, list) else reply
            for name, reply in (case.replies or {}).items()
        }
        self.calls: list[tuple[str, str]] = []

    async def __call__(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((service, operation))
        model = operation_model(service, operation)
        assert set(params) <= set(model.input_shape.members if model.input_shape else ())
        validate(model, params)
        await asyncio.sleep(0)
        reply = self.replies[operation]
        reply = reply.pop(0) if isinstance(reply, list) else reply
        if isinstance(reply, ServiceError):
            raise reply
        return reply


@type_cases
async def test_replies_become_the_expected_resource(kind: ResourceType, case: Case) -> None:
    script = Script(case)
    replies = await kind.describe(script, case.resource_id)
    if case.expected is None:
        assert replies is None
    else:
        assert replies is not None
        assert kind.resource("123456789012", case.region, case.resource_id, replies) == case.expected
    assert script.calls


@type_cases
async def test_a_located_type_knows_where_and_whether(kind: ResourceType, case: Case) -> None:
    if kind.located != "itself":
        assert kind.locate is None
    else:
        assert kind.locate is not None
        region = await kind.locate(Script(case), case.resource_id)
        assert region == (None if case.expected is None else case.region)


@types
def test_a_type_has_a_living_and_a_deleted_case(kind: ResourceType) -> None:
    assert {case.expected is None for case in kind.cases} == {True, False}


def paths(prefix: str, value: Any) -> set[str]:
    """Property paths as the query schema spells them: lists leave no trace."""
    if isinstance(value, dict):
        return {path for name, inner in value.items() for path in paths(f"{prefix}.{name}", inner)}
    if isinstance(value, list | tuple):
        return {path for inner in value for path in paths(prefix, inner)}
    return {prefix}


def unknown_paths(kind: ResourceType, configuration: Any, supplementary: Any) -> set[str]:
    schema = SCHEMA.get(kind.name, {})
    found = paths("configuration", configuration) | paths("supplementaryConfiguration", supplementary)
    return {
        path
        for path in found
        if path not in schema
        # null stands for a whole object: the schema then knows what is inside it
        and not any(known.startswith(path + ".") for known in schema)
        and not any(path == extra or path.startswith(extra) for extra in kind.beyond_schema)
    }


@type_cases
def test_property_paths_are_in_the_public_schema(kind: ResourceType, case: Case) -> None:
    if case.expected is not None:
        assert unknown_paths(kind, case.expected.configuration, case.expected.supplementary) == set()


@types
def test_cases_cover_the_schema(kind: ResourceType) -> None:
    """What the schema knows at the top of the configuration and of the supplement, some case has."""
    expected = [case.expected for case in kind.cases if case.expected is not None]
    have = {f"configuration.{name}" for one in expected for name in one.configuration}
    have |= {f"supplementaryConfiguration.{name}" for one in expected for name in one.supplementary}
    # The one type the public schema does not have at all says so in beyond_schema.
    schema = SCHEMA.get(kind.name, {})
    assert bool(schema) == ("configuration." not in kind.beyond_schema)
    assert {".".join(path.split(".")[:2]) for path in schema} <= have


def test_supplementary_parts_have_the_names_recorded_items_have() -> None:
    kind = TYPES["AWS::S3::Bucket"]
    ours = {name for case in kind.cases if case.expected for name in case.expected.supplementary}
    recorded = {
        name
        for item in RECORDED
        if item["resourceType"] == kind.name
        for name in item["supplementaryConfiguration"]
    }
    assert len(recorded) > 10
    assert recorded <= ours


def test_recorded_items_are_of_types_that_are_built() -> None:
    assert len({item["resourceType"] for item in RECORDED} & set(TYPES)) == 6


@pytest.mark.parametrize("type_name", sorted({item["resourceType"] for item in RECORDED} & set(TYPES)))
def test_what_is_always_there_is_there_in_recorded_items(type_name: str) -> None:
    """Keys of every recorded configuration are keys of ours."""
    recorded = [item for item in RECORDED if item["resourceType"] == type_name]
    assert recorded
    ours = {name for case in TYPES[type_name].cases if case.expected for name in case.expected.configuration}
    for item in recorded:
        configuration = item["configuration"]
        if isinstance(configuration, str):
            configuration = json.loads(configuration)
        assert set(configuration) <= ours


@types
def test_touching_calls_exist_and_carry_the_ids(kind: ResourceType) -> None:
    assert kind.touched_by
    for (service, operation), touch in kind.touched_by.items():
        model = operation_model(service, operation)
        for path in touch.parameters:
            check_path(model.input_shape, path)
        for path in touch.response:
            check_path(model.output_shape, path)
        assert touch != Touch(), "a touch finds an id or relists"


def check_path(shape: Any, path: str) -> None:
    for part in path.split("."):
        shape = shape.members[part.removesuffix("[]")]
        if part.endswith("[]"):
            shape = shape.member
    assert shape.type_name == "string"


def rule_item(rule: ManagedRule, case: RuleCase) -> Item:
    kind = case.resource_type or rule.types[0]
    return Item(
        account="123456789012",
        region="us-east-1",
        resource_type=kind,
        resource_id="bucket",
        resource_name="bucket",
        status="ResourceDeleted" if case.deleted else "OK",
        captured=TIME,
        configuration=None if case.deleted else dict(case.configuration or {}),
        supplementary=dict(case.supplementary or {}),
        tags=dict(case.tags or {}),
    )


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        pytest.param(rule, case, id=f"{rule.identifier}: {case.name}")
        for rule in RULES.values()
        for case in rule.cases
    ],
)
async def test_a_rule_judges_its_cases(rule: ManagedRule, case: RuleCase) -> None:
    item = rule_item(rule, case)
    assert (case.replies is not None) <= (rule.asks is not None)
    if rule.asks is not None and case.replies is not None:
        found = await rule.asks(Script(case), item)
        assert found is not None
        item = msgspec.structs.replace(item, supplementary={**found, EVALUATED: TIME})
    verdict = rule.judge(item, dict(case.parameters or {}))
    assert verdict.compliance == case.expect
    assert bool(verdict.annotation) == (case.expect == "NON_COMPLIANT")
    assert len(verdict.annotation) <= 256


@rules
def test_a_rule_has_a_case_of_each_verdict(rule: ManagedRule) -> None:
    assert {case.expect for case in rule.cases} == {"COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"}


@rules
def test_a_rule_is_known_and_its_types_are_recorded(rule: ManagedRule) -> None:
    assert rule.identifier in KNOWN_RULES
    assert set(rule.types) <= {*TYPES, ACCOUNT}
    assert rule.asks is None or rule.triggers == {"periodic"}
    names = [parameter.name for parameter in rule.parameters]
    assert len(names) == len(set(names))
    for case in rule.cases:
        assert set(case.parameters or {}) <= set(names)


def test_known_rules_are_aws_own() -> None:
    assert len(KNOWN_RULES) == 837


async def test_s3_errors_other_than_absence_are_not_swallowed() -> None:
    kind = TYPES["AWS::S3::Bucket"]
    denied = ServiceError("AccessDenied", "Access Denied", status=403)
    replies = {**kind.cases[0].replies, "GetBucketPolicy": denied}
    with pytest.raises(ServiceError) as caught:
        await kind.describe(
            Script(Case(name="", resource_id="plain", replies=replies, expected=None)), "plain"
        )
    assert caught.value.code == "AccessDenied"


async def test_s3_features_a_store_lacks_are_absent_parts() -> None:
    kind = TYPES["AWS::S3::Bucket"]
    lacking = ServiceError(
        "NotImplemented", "A header you provided implies functionality not built", status=501
    )
    replies = {**kind.cases[0].replies, "GetBucketAccelerateConfiguration": lacking}
    found = await kind.describe(
        Script(Case(name="", resource_id="plain", replies=replies, expected=None)), "plain"
    )
    assert found is not None
    assert kind.resource("123456789012", "us-east-1", "plain", found) == kind.cases[0].expected


@types
def test_calls_accept_the_name_of_every_resource_type(kind: ResourceType) -> None:
    validate(operation_model("config", "ListDiscoveredResources"), {"resourceType": kind.name})
