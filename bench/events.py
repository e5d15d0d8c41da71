"""Events matched against 1, 100, 1,000 and 10,000 rules, by the index and by trying every rule.

    python bench/events.py

Events are CloudTrail-like (about 30 fields), decoded beforehand. The rules: each about one bucket of one source (alike
but for one value); a mixture drawn over sources, call names and conditions (prefixes, suffixes, numbers, wildcards,
anything-but, $or); rules with one kind of condition only, to see that none of them degenerates; and rules of which a
given number matches every event. The loop over all rules is the yardstick in the same run. Rates are per second of
CPU, the best of five spells, so that a busy machine changes them little.
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


def short_wildcards(number: int, _: random.Random) -> dict[str, Any]:
    return {
        "detail": {"requestParameters": {"bucketName": [{"wildcard": f"*{number % 10}*{number // 10}*"}]}}
    }


def two_anything_but(number: int, draw: random.Random) -> dict[str, Any]:
    return anything_but(number, draw) | {"source": [{"anything-but": draw.sample(SOURCES, 9)}]}


KINDS = (
    buckets,
    mixture,
    thresholds,
    ranges,
    ranges_of_calls,
    anything_but,
    two_anything_but,
    absent,
    fields,
    suffixes,
    wildcards,
    short_wildcards,
    networks,
)


def rate(work: Callable[[Any], object], events: list[Any], seconds: float = 0.2) -> float:
    """Events per second of CPU, in the best of five spells."""
    best = 0.0
    for _ in range(5):
        done, begun = 0, time.process_time()
        while (spent := time.process_time() - begun) < seconds:
            for each in events[:50]:
                work(each)
            done += 50
            events = events[50:] + events[:50]
        best = max(best, done / spent)
    return best


def naive(patterns: list[Pattern]) -> Callable[[Any], object]:
    return lambda event: [pattern for pattern in patterns if matches(pattern, event)]


def by_number_of_rules(events: list[Any], draw: random.Random) -> None:
    counts = (1, 100, 1000, 10_000)
    print("events/s by number of rules; one by one, matched and build time: of 1,000 rules")
    print(
        f"{'':>17}"
        + "".join(f"{count:>9,}" for count in counts)
        + f"{'one by one':>12}{'matched':>9}{'built in ms':>13}"
    )
    for kind in KINDS:
        shown = []
        for count in counts:
            patterns = [parse(json.dumps(kind(n, draw))) for n in range(count)]
            begun = time.process_time()
            index = Index(enumerate(patterns))
            built = (time.process_time() - begun) * 1000
            shown.append(f"{rate(index.matching, events):>9,.0f}")
            if count == 1000:
                matched = sum(len(index.matching(each)) for each in events[:300]) / 300
                last = f"{rate(naive(patterns), events):>12,.0f}{matched:>9.2f}{built:>13.1f}"
        print(f"{kind.__name__:>17}" + "".join(shown) + last, flush=True)


def by_number_of_matches(events: list[Any]) -> None:
    print("events/s by how many of 1,000 rules match each event")
    for count in (0, 1, 10, 100, 1000):
        patterns = [
            {
                "detail": {
                    "eventName": [{"exists": True}],
                    "awsRegion": [f"{'us' if n < count else 'eu'}-east-1"],
                }
            }
            for n in range(1000)
        ]
        index = Index((n, parse(json.dumps(each))) for n, each in enumerate(patterns))
        print(f"{count:>17}{rate(index.matching, events):>9,.0f}")


def main() -> None:
    draw = random.Random(7)
    raw = [event(draw) for _ in range(2000)]
    events = [msgspec.json.decode(each) for each in raw]
    print(f"decoding alone: {rate(msgspec.json.decode, raw):,.0f} events/s of {len(raw[0])} bytes")
    by_number_of_rules(events, draw)
    by_number_of_matches(events)


if __name__ == "__main__":
    main()
