"""Which of the engine's words a regular expression becomes; that they find the same is tests/contract/test_lake_index.py."""

from __future__ import annotations

from typing import Any

import pytest
from sqlglot import exp

from triptych.query.containing import finds


@pytest.mark.parametrize(
    ("regex", "function", "value"),
    [
        ("ERROR", "like", "%ERROR%"),
        (" 404 ", "like", "% 404 %"),
        (r"a\.b_c%", "like", r"%a.b\_c\%%"),
        ("(?i)error", "ilike", "%error%"),
        ("ERROR|WARN", "multiSearchAny", ["ERROR", "WARN"]),
        (r"a\|b|c", "multiSearchAny", ["a|b", "c"]),
        ("(?i)error|warn", "multiSearchAnyCaseInsensitive", ["error", "warn"]),
        ("(?i)\u00e9", "match", "(?-s)(?i)\u00e9"),
        ("e.r", "match", "(?-s)e.r"),
        (r"\d", "match", r"(?-s)\d"),
        ("a|", "match", "(?-s)a|"),
        ("(a|b)", "match", "(?-s)(a|b)"),
        ("", "match", "(?-s)"),
        ("|".join(["a"] * 256), "match", "(?-s)" + "|".join(["a"] * 256)),
    ],
)
def test_words_are_searched_for_as_words(regex: str, function: str, value: object) -> None:
    bound: list[Any] = []

    def bind(given: object) -> exp.Placeholder:
        bound.append(given)
        return exp.Placeholder(this="x")

    made = finds(regex, exp.column("line"), bind)
    assert (made.this, bound) == (function, [value])
