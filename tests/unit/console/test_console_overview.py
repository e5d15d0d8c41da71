"""What verdicts amount to on the overview."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from triptych.console.api.overview import RESOURCES, BrokenResource, compliance_of
from triptych.services.config.documents import StoredVerdict

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
MILLIS = 1_772_600_767_000


def verdict(rule: str, resource: str, *, fine: bool, minutes: int = 0) -> StoredVerdict:
    at = NOW + timedelta(minutes=minutes)
    return StoredVerdict(
        rule_id=f"config-rule-{rule}",
        rule_name=rule,
        resource_type="AWS::S3::Bucket",
        resource_id=resource,
        compliance="COMPLIANT" if fine else "NON_COMPLIANT",
        ordering=at,
        invoked=at,
        recorded=at,
    )


def test_a_resource_and_a_rule_are_as_bad_as_their_worst_verdict() -> None:
    found = compliance_of(
        [
            verdict("encrypted", "a", fine=True),
            verdict("encrypted", "b", fine=False, minutes=2),
            verdict("private", "b", fine=False),
            verdict("private", "c", fine=False),
            verdict("versioned", "b", fine=True),
        ]
    )
    assert (found.compliant, found.non_compliant) == (1, 2)
    assert (found.compliant_rules, found.non_compliant_rules) == (1, 2)
    assert found.resources == [
        BrokenResource(type="AWS::S3::Bucket", id="b", rules=["encrypted", "private"], since=MILLIS),
        BrokenResource(type="AWS::S3::Bucket", id="c", rules=["private"], since=MILLIS),
    ]


def test_only_the_worst_are_listed_and_all_are_counted() -> None:
    found = compliance_of([verdict("encrypted", f"bucket-{n:03}", fine=False) for n in range(RESOURCES + 5)])
    assert found.non_compliant == RESOURCES + 5
    assert len(found.resources) == RESOURCES
