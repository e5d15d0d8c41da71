"""Config's advanced queries: what is read, what is refused, and what is found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.query.config_rows import run
from triptych.query.config_sql import STAR, ConfigSqlError, conjoined, parse


def item(kind: str, name: str, configuration: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    tags = [{"key": k, "value": v, "tag": f"{k}={v}"} for k, v in more.pop("tags", {}).items()]
    return {
        "resourceType": kind,
        "resourceId": name,
        "awsRegion": "us-east-1",
        "tags": tags,
        "relationships": [],
        "configuration": configuration or {},
        "supplementaryConfiguration": {},
    } | more


INSTANCE, GROUP, VOLUME, QUEUE = (
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Volume",
    "AWS::SQS::Queue",
)
ITEMS = [
    item(
        INSTANCE,
        "i-1",
        {
            "instanceType": "m4.large",
            "cores": 2,
            "ebsOptimized": True,
            "state": {"code": 16, "name": "running"},
            "securityGroups": [{"groupName": "a"}, {"groupName": "b"}],
        },
        tags={"team": "web"},
        relationships=[{"resourceId": "vpc-1", "resourceType": "AWS::EC2::VPC"}],
    ),
    item(
        INSTANCE,
        "i-2",
        {
            "instanceType": "m4.large",
            "cores": 4,
            "ebsOptimized": False,
            "securityGroups": [{"groupName": "b"}],
        },
        tags={"team": "ops"},
    ),
    item(INSTANCE, "i-3", {"instanceType": "t3.micro", "cores": 2, "platform": None}),
    item(
        GROUP,
        "sg-1",
        {
            "ipPermissions": [
                {"fromPort": 22, "ipRanges": ["10.0.0.0/24"]},
                {"fromPort": 443, "ipRanges": ["0.0.0.0/0"]},
            ]
        },
    ),
    item(GROUP, "sg-2", {"ipPermissions": [{"fromPort": 22, "ipRanges": ["10.0.0.7/32", "192.168.0.0/16"]}]}),
    item(VOLUME, "vol-1", {"size": 100, "state": "available", "createTime": "2026-11-20T11:37:13.000Z"}),
    item(VOLUME, "vol-2", {"size": 8, "state": "in-use", "createTime": "2026-01-01T00:00:00.000Z"}),
    item(QUEUE, "q-1", {"DelaySeconds": "30"}),
    item("AWS::EC2::NetworkInterface", "eni-1", {"address": "10.1.2.3"}),
    item("AWS::KMS::Key", "k-1", {"creationDate": 1_795_174_633_000}),
]


def found(condition: str) -> list[str]:
    return [row["resourceId"] for row in run(parse(f"SELECT resourceId WHERE {condition}"), ITEMS)]


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("resourceType = 'AWS::EC2::Volume'", ["vol-1", "vol-2"]),
        ("resourceType LIKE 'AWS::EC2::Vol%'", ["vol-1", "vol-2"]),
        ("resourceId LIKE 'sg-1'", ["sg-1"]),
        ("resourceId IN ('i-1', 'sg-2', 'none')", ["i-1", "sg-2"]),
        ("resourceId NOT IN ('i-1', 'i-2') AND resourceType = 'AWS::EC2::Instance'", ["i-3"]),
        ("configuration.instanceType = 'm4.large' AND NOT configuration.cores > 2", ["i-1"]),
        ("configuration.size BETWEEN 8 AND 99", ["vol-2"]),
        ("configuration.size NOT BETWEEN 8 AND 99 AND resourceType = 'AWS::EC2::Volume'", ["vol-1"]),
        ("configuration.size >= 100 OR configuration.cores = 4", ["i-2", "vol-1"]),
        ("(configuration.size < 10 OR configuration.cores <> 2) AND resourceType LIKE 'AWS::EC2::%e'", None),
        ("configuration.ebsOptimized = true", ["i-1"]),
        ("configuration.ebsOptimized = 'false'", ["i-2"]),
        ("configuration.DelaySeconds > 29", ["q-1"]),
        ("configuration.size = '100'", ["vol-1"]),
        ("tags.key = 'team' AND tags.value = 'ops'", ["i-2"]),
        ("tags.tag = 'team=web'", ["i-1"]),
        ("relationships.resourceId = 'vpc-1'", ["i-1"]),
        ("configuration.state.value = 'available'", ["vol-1"]),
        ("configuration.state.value = 'running'", ["i-1"]),
        ("configuration.state.name = 'running'", ["i-1"]),
        ("configuration.state = 'in-use'", ["vol-2"]),
        ("configuration.createTime > '2026-06-01'", ["vol-1"]),
        ("configuration.creationDate > '2026-11-01'", ["k-1"]),
        ("configuration.creationDate > '2026-12-01'", []),
        # each condition is about any element, not about the same one
        ("configuration.ipPermissions.fromPort = 22 AND configuration.ipPermissions.ipRanges = '0.0.0.0/0'", ["sg-1"]),
        ("configuration.ipPermissions.fromPort = 443 AND configuration.ipPermissions.ipRanges = '10.0.0.9'", ["sg-1"]),
        # networks are ranges of addresses
        ("configuration.ipPermissions.ipRanges = '192.168.3.4'", ["sg-1", "sg-2"]),
        ("configuration.ipPermissions.ipRanges BETWEEN '192.168.0.0' AND '192.168.0.255' AND NOT configuration.ipPermissions.fromPort = 443", ["sg-2"]),
        ("configuration.ipPermissions.ipRanges < '10.0.0.0'", ["sg-1"]),
        ("configuration.ipPermissions.ipRanges > '192.168.255.255'", ["sg-1"]),
        ("configuration.ipPermissions.ipRanges = '10.0.0.0/25'", ["sg-1"]),
        ("configuration.address = '10.1.0.0/16'", ["eni-1"]),
        ("configuration.ipPermissions.ipRanges = '2001:db8::/32'", []),
        # what an item does not have is not equal, and null is not there
        ("configuration.platform != 'windows' AND resourceId = 'i-3'", ["i-3"]),
        ("configuration.platform > 'a'", []),
        ("configuration.size > 'many'", []),
    ],
)  # fmt: skip
def test_conditions(condition: str, ids: list[str] | None) -> None:
    if ids is None:
        with pytest.raises(ConfigSqlError, match="wildcard"):
            found(condition)
    else:
        assert found(condition) == ids


def rows(query: str) -> list[dict[str, Any]]:
    return run(parse(query), ITEMS)


def test_results_are_nested_and_keep_lists() -> None:
    (row,) = rows("SELECT resourceId, configuration.ipPermissions.fromPort, configuration.ipPermissions.ipRanges WHERE resourceId = 'sg-1'")  # fmt: skip
    assert row == {
        "resourceId": "sg-1",
        "configuration": {
            "ipPermissions": [
                {"fromPort": 22.0, "ipRanges": ["10.0.0.0/24"]},
                {"fromPort": 443.0, "ipRanges": ["0.0.0.0/0"]},
            ]
        },
    }
    assert rows("SELECT configuration.state.value WHERE resourceId IN ('i-1', 'vol-1')") == [
        {"configuration": {"state": {"value": "running"}}},
        {"configuration": {"state": {"value": "available"}}},
    ]
    assert rows("SELECT configuration.size WHERE resourceId = 'i-1'") == [{"configuration": {}}]


def test_star_is_the_scalars_at_the_top() -> None:
    plan = parse("SELECT *")
    assert tuple(column.name for column in plan.columns) == STAR
    assert len(STAR) == 10
    assert set(run(plan, ITEMS)[0]) <= set(STAR)


def test_groups_count_and_order() -> None:
    by_type = rows(
        "SELECT configuration.instanceType, COUNT(*), SUM(configuration.cores), AVG(configuration.cores), MAX(configuration.cores), MIN(configuration.cores) "
        "WHERE resourceType = 'AWS::EC2::Instance' GROUP BY configuration.instanceType ORDER BY COUNT(*) DESC"
    )
    assert by_type == [
        {"configuration": {"instanceType": "m4.large"}, "COUNT(*)": 2, "SUM(configuration.cores)": 6.0, "AVG(configuration.cores)": 3.0, "MAX(configuration.cores)": 4.0, "MIN(configuration.cores)": 2.0},
        {"configuration": {"instanceType": "t3.micro"}, "COUNT(*)": 1, "SUM(configuration.cores)": 2.0, "AVG(configuration.cores)": 2.0, "MAX(configuration.cores)": 2.0, "MIN(configuration.cores)": 2.0},
    ]  # fmt: skip
    # an item is in the group of each of its values, and one without is in none
    assert rows("SELECT configuration.securityGroups.groupName, COUNT(*) GROUP BY configuration.securityGroups.groupName") == [
        {"configuration": {"securityGroups": {"groupName": "a"}}, "COUNT(*)": 1},
        {"configuration": {"securityGroups": {"groupName": "b"}}, "COUNT(*)": 2},
    ]  # fmt: skip
    assert rows("SELECT COUNT(*), COUNT(configuration.size)") == [
        {"COUNT(*)": len(ITEMS), "COUNT(configuration.size)": 2}
    ]
    assert rows("SELECT COUNT(*), MAX(configuration.size) WHERE resourceId = 'none'") == [
        {"COUNT(*)": 0, "MAX(configuration.size)": None}
    ]


def test_order() -> None:
    query = "SELECT resourceId WHERE resourceType = 'AWS::EC2::Instance' ORDER BY configuration.cores DESC, resourceId DESC"
    assert [row["resourceId"] for row in rows(query)] == ["i-2", "i-3", "i-1"]
    query = "SELECT resourceId WHERE resourceType = 'AWS::EC2::Instance' ORDER BY configuration.state.code"
    assert [row["resourceId"] for row in rows(query)] == ["i-2", "i-3", "i-1"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "one SELECT"),
        ("SELECT", "needs the properties"),
        ("DELETE FROM items", "one SELECT"),
        ("SELECT resourceId; SELECT resourceId", "one SELECT"),
        ("SELECT resourceId WHERE", "syntax error at line 1, column"),
        ("SELECT resourceId WHERE resourceId = 'a' resourceName = 'b'", "syntax error at line 1, column"),
        ("SELECT resourceId FROM items", "FROM is not supported"),
        ("SELECT DISTINCT resourceId", "DISTINCT is not supported"),
        ("SELECT resourceId AS id", "AS is not supported"),
        ("SELECT COUNT(*) GROUP BY resourceId HAVING COUNT(*) > 1", "HAVING is not supported"),
        ("SELECT resourceId UNION SELECT resourceName", "one SELECT"),
        ("SELECT resourceId LIMIT 5", "LIMIT is not supported"),
        ("SELECT resourceId WHERE resourceName IS NULL", "IS is not supported"),
        ("SELECT resourceId WHERE resourceName = NULL", "NULL is not supported"),
        ("SELECT resourceId WHERE resourceName = resourceId", "COLUMN is not supported"),
        ("SELECT resourceId WHERE UPPER(resourceName) = 'A'", "UPPER is not supported"),
        ("SELECT resourceId WHERE resourceId IN (SELECT resourceId)", "IN is not supported"),
        ("SELECT resourceId WHERE colour = 'red'", "Unknown property colour"),
        ("SELECT *, resourceId", r"\* cannot be selected"),
        ("SELECT COUNT(DISTINCT resourceId)", "single property"),
        ("SELECT SUM(*)", "takes a property"),
        ("SELECT resourceId, COUNT(*)", "resourceId must appear in GROUP BY"),
        ("SELECT COUNT(*) GROUP BY resourceId, resourceName, awsRegion, arn", "at most 3"),
        ("SELECT COUNT(*) GROUP BY resourceId, resourceName ORDER BY COUNT(*)", "one property"),
        ("SELECT resourceId ORDER BY COUNT(*)", "only together with GROUP BY"),
        ("SELECT resourceId WHERE resourceId LIKE '%a'", "only at the end"),
        ("SELECT resourceId WHERE resourceId LIKE 'ab%'", "at least 3"),
        ("SELECT resourceId WHERE resourceId LIKE 5", "LIKE takes a string"),
        ("SELECT resourceId WHERE " + "(" * 3000 + "1", "nested|syntax"),
    ],
)  # fmt: skip
def test_what_the_language_lacks_is_refused(query: str, says: str) -> None:
    with pytest.raises(ConfigSqlError, match=says):
        parse(query)


@pytest.mark.parametrize(
    ("condition", "types"),
    [
        ("resourceType = 'A'", {"A"}),
        ("resourceType IN ('A', 'B') AND configuration.x = 1", {"A", "B"}),
        ("resourceType = 'A' OR resourceType = 'B'", {"A", "B"}),
        ("resourceType = 'A' OR resourceId = 'B'", None),
        ("NOT resourceType = 'A'", None),
        ("resourceType != 'A'", None),
        ("resourceType LIKE 'AWS%'", None),
    ],
)
def test_types_a_query_is_about(condition: str, types: set[str] | None) -> None:
    assert conjoined(parse(f"SELECT resourceId WHERE {condition}"), "resourceType") == types
    assert conjoined(parse("SELECT resourceId"), "resourceType") is None


atoms = st.sampled_from(
    ["configuration.cores = 2", "configuration.size > 10", "resourceType = 'AWS::EC2::Instance'", "tags.value = 'web'"]
)  # fmt: skip
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda one: f"NOT ({one})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) AND ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) OR ({two[1]})"),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(one=conditions, other=conditions)
def test_conditions_are_sets(one: str, other: str) -> None:
    everything = [one["resourceId"] for one in ITEMS]
    a, b = set(found(one)), set(found(other))
    assert set(found(f"({one}) AND ({other})")) == a & b
    assert set(found(f"({one}) OR ({other})")) == a | b
    assert found(f"NOT ({one})") == [name for name in everything if name not in a]
