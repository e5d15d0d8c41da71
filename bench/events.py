"""Events matched against 1, 100 and 1,000 rules, by the index and by trying every rule.

    python bench/events.py

Events are CloudTrail-like (about 30 fields), decoded beforehand. The rules: each about one bucket of one source (alike
but for one value); a mixture drawn over sources, call names and conditions (prefixes, suffixes, numbers, wildcards,
anything-but, $or); and a thousand rules with one kind of condition only, to see that none of them degenerates. The
loop over all rules is the yardstick in the same run. Rates are per second of CPU, so that a busy machine changes them
little. Where an event matches hundreds of rules, naming them is the cost.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

import msgspec

from triptych.query.event_pattern import Index, Pattern, matches, parse

SOURCES = [
    f"aws.{name}" for name in ("s3", "ec2", "iam", "kms", "rds", "sqs", "sns", "lambda", "config", "ssm")
]
CALLS = [
    f"{verb}{noun}"
    for verb in ("Put", "Delete", "Create", "Update")
    for noun in ("Bucket", "Role", "Key", "Rule")
]


def event(draw: random.Random) -> bytes:
    source, call = draw.choice(SOURCES), draw.choice(CALLS)
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::1:user/u{draw.randrange(50)}",
            "userName": "u",
        },
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": source.replace("aws.", "") + ".amazonaws.com",
        "eventName": call,
        "awsRegion": "us-east-1",
        "sourceIPAddress": f"10.0.0.{draw.randrange(256)}",
        "userAgent": "Boto3/1.40",
        "requestParameters": {"bucketName": f"bucket-{draw.randrange(1000)}", "count": draw.randrange(100)},
        "responseElements": None,
        "eventID": str(draw.random()),
        "readOnly": False,
        "resources": [{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::x"}],
    }
    return msgspec.json.encode(
        {"version": "0", "id": "i", "detail-type": "AWS API Call via CloudTrail", "source": source, "account": "1",
         "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail": detail}
    )  # fmt: skip


def buckets(number: int, _: random.Random) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventName": ["PutBucket", "DeleteBucket"],
            "requestParameters": {"bucketName": [f"bucket-{number}"]},
        },
    }


def mixture(_: int, draw: random.Random) -> dict[str, Any]:
    detail: dict[str, Any] = {"eventName": draw.sample(CALLS, 2)}
    match draw.randrange(6):
        case 0:
            detail["requestParameters"] = {"bucketName": [{"prefix": f"bucket-{draw.randrange(100)}"}]}
        case 1:
            detail["requestParameters"] = {"bucketName": [{"suffix": f"-{draw.randrange(1000)}"}]}
        case 2:
            detail["requestParameters"] = {"count": [{"numeric": [">", draw.randrange(100)]}]}
        case 3:
            detail["userIdentity"] = {"arn": [{"wildcard": f"*user/u{draw.randrange(50)}"}]}
        case 4:
            detail["sourceIPAddress"] = [{"anything-but": {"prefix": "10."}}]
        case _:
            detail["$or"] = [{"readOnly": [True]}, {"userIdentity": {"userName": [f"v{draw.randrange(50)}"]}}]
    return {"source": [draw.choice(SOURCES)], "detail": detail}


def count(condition: dict[str, Any]) -> dict[str, Any]:
    return {"detail": {"requestParameters": {"count": [condition]}}}


def thresholds(number: int, _: random.Random) -> dict[str, Any]:
    return count({"numeric": [">", number / 10]})


def ranges(_: int, draw: random.Random) -> dict[str, Any]:
    low = draw.uniform(0, 100)
    return count({"numeric": [">=", low, "<", low + draw.uniform(0.1, 2)]})


def ranges_of_calls(number: int, draw: random.Random) -> dict[str, Any]:
    wanted = ranges(number, draw)
    wanted["detail"]["eventName"] = [{"anything-but": draw.choice(CALLS)}]
    return wanted


def anything_but(number: int, _: random.Random) -> dict[str, Any]:
    return {"detail": {"requestParameters": {"bucketName": [{"anything-but": f"bucket-{number}"}]}}}


def absent(number: int, _: random.Random) -> dict[str, Any]:
    return {"detail": {f"field{number}": [{"exists": False}]}}


def fields(number: int, _: random.Random) -> dict[str, Any]:
    return {"detail": {"requestParameters": {f"field{number}": ["x"]}}}


def suffixes(number: int, _: random.Random) -> dict[str, Any]:
    return {"detail": {"requestParameters": {"bucketName": [{"suffix": f"t-{number}"}]}}}


def wildcards(number: int, _: random.Random) -> dict[str, Any]:
    return {"detail": {"requestParameters": {"bucketName": [{"wildcard": f"*t-{number}*"}]}}}


def networks(number: int, _: random.Random) -> dict[str, Any]:
    return {"detail": {"sourceIPAddress": [{"cidr": f"10.0.{number // 256}.{number % 256}/31"}]}}


KINDS = (
    buckets,
    mixture,
    thresholds,
    ranges,
    ranges_of_calls,
    anything_but,
    absent,
    fields,
    suffixes,
    wildcards,
    networks,
)


def rate(work: Callable[[Any], object], events: list[Any], seconds: float = 0.5) -> float:
    done, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        for each in events[:50]:
            work(each)
        done += 50
        events = events[50:] + events[:50]
    return done / spent


def main() -> None:
    draw = random.Random(7)
    raw = [event(draw) for _ in range(2000)]
    events = [msgspec.json.decode(each) for each in raw]
    print(f"decoding alone: {rate(msgspec.json.decode, raw):,.0f} events/s of {len(raw[0])} bytes")
    print(f"{'rules':>24} {'indexed/s':>12} {'one by one/s':>13} {'matches/event':>14} {'built in ms':>12}")
    for kind in KINDS:
        for count in (1, 100, 1000):
            patterns: list[Pattern] = [parse(json.dumps(kind(n, draw))) for n in range(count)]
            begun = time.perf_counter()
            index = Index(enumerate(patterns))
            built = (time.perf_counter() - begun) * 1000
            found = sum(len(index.matching(each)) for each in events[:300]) / 300
            naive = rate(lambda e, all_of=patterns: [p for p in all_of if matches(p, e)], events)
            print(
                f"{count:>8} {kind.__name__:>15} {rate(index.matching, events):>12,.0f} {naive:>13,.0f} {found:>14.2f} {built:>12.1f}"
            )


if __name__ == "__main__":
    main()
