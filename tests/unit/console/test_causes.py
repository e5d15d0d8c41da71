"""Likely causes: every reason on its own, the order of a whole scene, and that the order of the input means nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.console.causes import (
    CERTAIN,
    LEAST_SCORE,
    WEIGHTS,
    Candidate,
    Resource,
    Scene,
    judge,
    rank,
)

START = 1_790_000_000_000
BUCKET = Resource("AWS::S3::Bucket", "payroll")
GROUP = Resource("AWS::EC2::SecurityGroup", "sg-1")
VPC = Resource("AWS::EC2::VPC", "vpc-1")
TAGGED = Resource("AWS::EC2::Instance", "i-1")

ALARM = Resource("AWS::CloudWatch::Alarm", "errors")

SCENE = Scene(
    start=START,
    what="the alarm",
    hops={BUCKET: 0, GROUP: 1, VPC: 2},
    dimensions={"payroll": "BucketName", "s3": "Service"},
    tagged=frozenset({TAGGED}),
    origins=frozenset({"slip"}),
    definition=ALARM,
    settled=START - 300_000,
)


def call(name: str = "e1", *, minutes: float = 0, **more) -> Candidate:
    return Candidate(
        **{
            "id": name,
            "time": START - round(minutes * 60_000),
            "actor": "junior",
            "kind": "human",
            "service": "ec2",
            "operation": "ModifyThing",
            "origin": name,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("candidate", "codes", "text"),
    [
        (call(resources=(BUCKET,)), {"same-resource", "mutating", "human"}, "dimension BucketName names"),
        (call(resources=(GROUP,)), {"related-1", "mutating", "human"}, "AWS::EC2::SecurityGroup sg-1"),
        (call(resources=(VPC,)), {"related-2", "mutating", "human"}, "over one other resource"),
        (call(resources=(VPC, BUCKET)), {"same-resource", "mutating", "human"}, "payroll"),
        (call(service="s3"), {"service", "mutating", "human"}, "a call to s3, the alarm's dimension Service"),
        (call(resources=(Resource("", "payroll"),)), {"dimension", "mutating", "human"}, "names payroll"),
        (call(resources=(TAGGED,)), {"tag", "mutating", "human"}, "tagged"),
        (call(), {"no-link", "mutating", "human"}, "nothing but the time"),
        (call(mutating=False), {"no-link", "human"}, "person"),
        (
            call(service="s3", mutating=False, error="AccessDenied", denied=True),
            {"service", "denied", "human"},
            "denied (AccessDenied)",
        ),
        (call(resources=(ALARM,)), {"definition", "mutating", "human"}, "changes the alarm itself"),
        (
            call(resources=(ALARM,), minutes=6),
            {"no-link", "mutating", "human"},
            "judged otherwise since or is new",
        ),
        (call(data=True), {"no-link", "data", "human"}, "writes data"),
        (call(error="Throttling"), {"no-link", "failed", "human"}, "failed (Throttling)"),
        (call(kind="automation"), {"no-link", "mutating", "automation"}, "by automation"),
        (call(kind="session"), {"no-link", "mutating", "session"}, "role's session"),
        (call(kind="unknown"), {"no-link", "mutating", "unknown"}, "nobody was seen"),
        (call(first=True), {"no-link", "mutating", "human", "first-time"}, "first time junior calls ModifyThing"),
        (call("slip"), {"chain", "mutating", "human"}, "recorded as what led to the alarm"),
        (call(origin="slip"), {"consequence", "mutating", "human"}, "not its beginning"),
        (call(origin="other"), {"consequence", "no-link", "mutating", "human"}, "consequence of other"),
    ],
)  # fmt: skip
def test_every_reason_is_stated_and_weighed(candidate, codes, text) -> None:
    suspect = judge(SCENE, candidate)
    assert {each.code for each in suspect.reasons} == codes | {"time"}
    assert any(text in each.text for each in suspect.reasons)
    assert all(each.weight == WEIGHTS[each.code] for each in suspect.reasons if each.code != "time")
    assert suspect.certain == ("chain" in codes)
    points = sum(each.weight for each in suspect.reasons)
    assert suspect.score == (CERTAIN if suspect.certain else max(0, min(CERTAIN - 1, points)))


@pytest.mark.parametrize(
    ("minutes", "weight", "words"),
    [
        (0, 30, "0 ms before"),
        (0.5, 29, "30 seconds before"),
        (15, 15, "15 minutes before"),
        (30, 8, "30 minutes before"),
        (180, 0, "3.0 hours before"),
    ],
)
def test_the_longer_ago_the_less_it_says(minutes, weight, words) -> None:
    (reason,) = [each for each in judge(SCENE, call(minutes=minutes)).reasons if each.code == "time"]
    assert reason.weight == weight
    assert words in reason.text


def test_a_scene_in_order() -> None:
    found = rank(
        SCENE,
        [
            call("stranger", minutes=1),
            call("slip", minutes=2, resources=(BUCKET,)),
            call("repair", minutes=1, resources=(BUCKET,), kind="automation", origin="slip"),
            call("related", minutes=3, resources=(GROUP,)),
            call("long-ago", minutes=600, resources=(VPC,), kind="automation", actor="sweeper"),
            call("later", minutes=-1, resources=(BUCKET,)),
            call("look", minutes=1, mutating=False, kind="automation"),
        ],
        limit=10,
    )
    assert [(each.candidate.id, each.certain) for each in found] == [
        ("slip", True),
        ("related", False),
        ("repair", False),
        ("stranger", False),
        ("long-ago", False),
    ]


def test_calls_alike_are_one_line_with_a_count() -> None:
    calls = [call(f"e{i}", minutes=i + 1, resources=(BUCKET,)) for i in range(5)]
    found = rank(SCENE, [*calls, call("other", minutes=3, resources=(GROUP,))], limit=10)
    assert [(each.candidate.id, each.alike) for each in found] == [("e0", 4), ("other", 0)]


def test_a_denied_call_weighs_more_when_the_metric_counts_denials() -> None:
    counting = Scene(start=START, counts_denials=True)
    denied = call(error="AccessDenied", denied=True, mutating=False)
    weights = {each.code: each.weight for each in judge(counting, denied).reasons}
    assert weights["counted"] == WEIGHTS["counted"] > WEIGHTS["denied"]
    assert "denied" not in weights


def test_nothing_is_blamed_for_a_link_that_could_not_be_found() -> None:
    bare = judge(Scene(start=START), call())
    assert {each.code for each in bare.reasons} == {"time", "mutating", "human"}


RESOURCES = st.sampled_from([BUCKET, GROUP, VPC, TAGGED, Resource("", "arn:x"), Resource("AWS::X", "x")])
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        id=st.sampled_from(["slip", "a", "b", "c", "d"]),
        time=st.integers(START - 7_200_000, START + 60_000),
        actor=st.sampled_from(["junior", "config.amazonaws.com"]),
        kind=st.sampled_from(["human", "session", "automation", "unknown"]),
        service=st.sampled_from(["s3", "ec2"]),
        operation=st.sampled_from(["Put", "Delete"]),
        resources=st.lists(RESOURCES, max_size=3, unique=True).map(tuple),
        mutating=st.booleans(),
        error=st.sampled_from(["", "AccessDenied"]),
        first=st.booleans(),
        origin=st.sampled_from(["", "slip", "a"]),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_the_order_of_the_input_means_nothing(candidates: list[Candidate], shuffled: random.Random) -> None:
    other = list(candidates)
    shuffled.shuffle(other)
    found = rank(SCENE, candidates, limit=5)
    assert found == rank(SCENE, other, limit=5)
    assert all(LEAST_SCORE <= each.score <= CERTAIN and each.reasons for each in found)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
