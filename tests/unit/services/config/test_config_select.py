"""SelectResourceConfig: queries over what is recorded, their pages and their errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from config_bench import ACCOUNT, REGION, Bench

from triptych.kernel.errors import ServiceError


def group(group_id: str, port: int) -> dict[str, Any]:
    permission = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": "10.0.0.0/24"}],
    }
    return {
        "GroupId": group_id,
        "GroupName": "web",
        "OwnerId": ACCOUNT,
        "VpcId": "vpc-1",
        "IpPermissions": [permission],
        "Tags": [{"Key": "team", "Value": "web"}],
    }


async def recorded(bench: Bench) -> None:
    bench.estate.bucket("deliveries")
    for number in range(30):
        bench.estate.groups[f"sg-{number:02}"] = group(f"sg-{number:02}", 22 if number % 3 else 443)
    await bench.recording()


async def select(bench: Bench, expression: str, **more: Any) -> tuple[list[Any], dict[str, Any]]:
    reply = await bench.api("SelectResourceConfig", Expression=expression, **more)
    return [json.loads(row) for row in reply["Results"]], reply


async def test_queries_find_what_is_recorded(bench: Bench) -> None:
    await recorded(bench)
    found, reply = await select(
        bench,
        "SELECT resourceId, accountId, awsRegion, configuration.ipPermissions.fromPort "
        "WHERE resourceType = 'AWS::EC2::SecurityGroup' AND configuration.ipPermissions.ipRanges = '10.0.0.9' "
        "AND relationships.resourceId = 'vpc-1' AND tags.tag = 'team=web' AND resourceId = 'sg-03'",
    )
    assert found == [
        {
            "resourceId": "sg-03",
            "accountId": ACCOUNT,
            "awsRegion": REGION,
            "configuration": {"ipPermissions": [{"fromPort": 443.0}]},
        }
    ]
    fields = reply["QueryInfo"]["SelectFields"]
    assert [one["Name"] for one in fields] == [
        "resourceId", "accountId", "awsRegion", "configuration.ipPermissions.fromPort",
    ]  # fmt: skip
    counted, reply = await select(
        bench,
        "SELECT configuration.ipPermissions.fromPort, COUNT(*) WHERE resourceType LIKE 'AWS::EC2::Sec%' "
        "GROUP BY configuration.ipPermissions.fromPort ORDER BY COUNT(*) DESC",
        Limit=1,
    )
    assert counted == [{"configuration": {"ipPermissions": {"fromPort": 22.0}}, "COUNT(*)": 20}]
    assert "NextToken" not in reply, "ordered by an aggregate there is one page"
    assert [one["Name"] for one in reply["QueryInfo"]["SelectFields"]][1] == "COUNT(*)"


async def test_pages_follow_each_other(bench: Bench) -> None:
    await recorded(bench)
    query = "SELECT resourceId WHERE resourceType = 'AWS::EC2::SecurityGroup'"
    first, reply = await select(bench, query)
    assert len(first) == 25
    rest, last = await select(bench, query, NextToken=reply["NextToken"])
    assert [row["resourceId"] for row in first + rest] == [f"sg-{number:02}" for number in range(30)]
    assert "NextToken" not in last
    small, reply = await select(bench, query, Limit=7)
    assert small == first[:7]
    with pytest.raises(ServiceError) as caught:
        await select(bench, "SELECT resourceName", NextToken=reply["NextToken"])
    assert caught.value.code == "InvalidNextTokenException"


async def test_what_is_gone_is_not_found(bench: Bench) -> None:
    await recorded(bench)
    del bench.estate.groups["sg-03"]
    await bench.happened("DeleteSecurityGroup", {"GroupId": "sg-03"}, service="ec2")
    await bench.settle()
    found, _ = await select(bench, "SELECT resourceId WHERE resourceId = 'sg-03'")
    assert found == []


async def test_bad_expressions_are_refused(bench: Bench) -> None:
    for expression, says in (
        ("SELECT resourceId FROM items", "FROM"),
        ("SELECT resourceId WHERE colour = 1", "colour"),
        ("SELECT resourceId WHERE", "syntax error at line 1"),
    ):
        with pytest.raises(ServiceError, match=says) as caught:
            await select(bench, expression)
        assert caught.value.code == "InvalidExpressionException"
