"""Java's patterns in Python: the same values match, and hostile ones cannot hang us."""

from __future__ import annotations

import pytest

from triptych.kernel.limits import PATTERN_CHARACTERS
from triptych.wire.model import service_model
from triptych.wire.patterns import matcher, unchecked

OURS = ("cloudwatch", "logs", "cloudtrail", "config", "events", "sns", "ssm", "lambda", "sts")

TAG = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("[a-z]+", ["abc"], ["abc1", "", "abc\n", "é"]),
        (r"\w+", ["aZ_9"], ["é", "-"]),
        (r"\d{2}", ["12"], ["١٢"]),
        (TAG, ["", "Ünïcode 字 x", "a_b.c:/=+-@", "\u2028"], ["a#", "a,b", "e\u0301"]),
        (r"[\p{L}\p{M}]+", ["e\u0301"], ["5"]),
        (r"\p{Print}+", ["a b~"], ["ä", "\t"]),
        (r"\p{Lu}\p{IsAlphabetic}", ["Äb"], ["äb"]),
        (r"[\w-_]*", ["a-b_"], ["a.b"]),
        (r"[a-zA-Z\d-_/]+", ["a-1_/"], ["a.b"]),
        (r"role\/[\w-\/.@+=,]{1,5}", ["role/a-/"], ["role/%"]),
        (r"[a-z0-9--]+", ["a-"], ["."]),
        (r"[]a]+", ["a]"], ["b"]),
        (r"[^]a]+", ["b"], ["]"]),
        (r"[a||b~~c]+", ["a|b~c"], ["d"]),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", ["a\t字😀"], ["\n"]),
        # As Java reads it: \u1000, then 0 to \u10FF, then two F.
        (r"[\u10000-\u10FFFF]+", ["0F\u1000"], ["\U00010000", "/"]),
        (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", ["a1"], ["11"]),
        (r"(?i)all|[0-9]{12}", ["ALL", "123456789012"], ["x"]),
        (r"(?s).*", ["a\nb"], []),
        (r".*\S.*", [" x "], [" ", "a\nb"]),
        (r"[0-9A-Za-z\.\-_]*(?<!\.)", ["a.b"], ["a."]),
        (r"([a-z]+\.)*[a-z]+", ["a.b.c"], ["a..b"]),
    ],
)
def test_whole_values_match_as_in_java(pattern: str, yes: list[str], no: list[str]) -> None:
    matches = matcher(pattern)
    assert matches is not None
    assert [value for value in yes if not matches(value)] == []
    assert [value for value in no if matches(value)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "([a-z]+)*x",
        "(([a-z]|[0-9])+)+",
        "(.*)*",
        "(a|b+)*c",
        "(([a-z]+-?)+)*",
        r"([ \t]+[\x20-\x7E]+)*",
    ],
)
def test_patterns_that_could_run_for_ever_are_not_used(pattern: str) -> None:
    assert matcher(pattern) is None


@pytest.mark.parametrize(
    "pattern", ["[a-z&&[^b]]", r"\P{L}", r"\Qa\E", "a(?i)b", r"\p{Bogus}", "[a[b]]", "(a"]
)
def test_patterns_python_cannot_say_are_not_used(pattern: str) -> None:
    assert matcher(pattern) is None


def test_a_quadratic_pattern_is_not_tried_on_very_long_values() -> None:
    matches = matcher("a*b*c")
    assert matches is not None
    assert not matches("a" * 100)
    assert matches("a" * (PATTERN_CHARACTERS + 1))


def test_the_only_unchecked_patterns_of_our_services_are_these() -> None:
    # EventBridge's header values: words separated by blanks, where the words may hold blanks.
    found = {pattern for service in OURS for pattern in unchecked(service_model(service))}
    assert found == {
        r"^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$",
        r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$",
    }
