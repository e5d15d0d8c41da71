"""AlarmRule: grammar, truth, AWS's refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.query.alarm_rule import (
    AlarmRuleError,
    And,
    AtLeast,
    InState,
    Not,
    Or,
    Truth,
    evaluate,
    parse,
    references,
)

A, B, C = InState("ALARM", "a"), InState("OK", "b"), InState("INSUFFICIENT_DATA", "c")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("TRUE", Truth(True)),
        ("  FALSE ", Truth(False)),
        ("ALARM(a)", A),
        ('ALARM("a")', A),
        ("ALARM( a ) AND OK(b)", And((A, B))),
        ("ALARM(a) OR OK(b) AND INSUFFICIENT_DATA(c)", Or((A, And((B, C))))),
        ("(ALARM(a) OR OK(b)) AND INSUFFICIENT_DATA(c)", And((Or((A, B)), C))),
        ("NOT ALARM(a)", Not(A)),
        ("NOT NOT ALARM(a)", A),
        ("NOT(ALARM(a) AND OK(b))", Not(And((A, B)))),
        (
            "ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:cpu)",
            InState("ALARM", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:cpu"),
        ),
        (r'ALARM("a \"quoted\" (name)")', InState("ALARM", 'a "quoted" (name)')),
        ("AT_LEAST(2, ALARM, (a, b, c))", AtLeast(2, False, "ALARM", False, ("a", "b", "c"))),
        ('AT_LEAST(50%, NOT OK, ("a", b))', AtLeast(50, True, "OK", True, ("a", "b"))),
    ],
)
def test_parses(text, rule):
    assert parse(text) == rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "()",
            "Unsupported token ')' at char 1, must be: '(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA",
        ),
        ("ALARM(Queue Oldest)", "Unsupported token 'Oldest' at char 12, must be: ')'"),
        ("ALARM(a) ALARM(b)", "Unsupported token 'ALARM' at char 9, must be: 'AND', 'OR'"),
        ("ALARM(a) AND", "Unsupported token '<EOF>' at char 12, must be: '(',"),
        ("ALARM a", "Unsupported token 'a' at char 6, must be: '('"),
        ("ALARM()", "Unsupported token ')' at char 6, must be: an alarm name or ARN"),
        ('ALARM("a', "Unsupported token '\"a' at char 6"),
        ("alarm(a)", "Unsupported token 'alarm' at char 0"),
        ("AT_LEAST(0, ALARM, (a))", "must be: a positive number"),
        ("AT_LEAST(3, ALARM, (a, b))", "more than 2 alarms"),
        ("AT_LEAST(101%, ALARM, (a, b))", "more than 100%"),
        ("AT_LEAST(1, BROKEN, (a, b))", "Unsupported token 'BROKEN' at char 12"),
        ("(" * 200 + "TRUE" + ")" * 200, "nested"),
        (" AND ".join(["ALARM(a)"] * 700), "elements"),
    ],
)
def test_refuses(text, message):
    with pytest.raises(AlarmRuleError) as refused:
        parse(text)
    assert str(refused.value).startswith("Error in AlarmRule [")
    assert message in str(refused.value)


def test_references_are_listed_once():
    assert references(parse("ALARM(a) AND (NOT OK(b) OR AT_LEAST(1, ALARM, (a, c)))")) == ("a", "b", "c")


STATES = st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"])
RULES = st.recursive(
    st.one_of(st.builds(Truth, st.booleans()), st.builds(InState, STATES, st.sampled_from("abc"))),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.tuples(inner, inner)),
        st.builds(Or, st.tuples(inner, inner)),
    ),
    max_leaves=8,
)


def python(rule) -> str:
    """The rule in Python's own words."""
    if isinstance(rule, Truth):
        return str(rule.value)
    if isinstance(rule, InState):
        return f"(states[{rule.alarm!r}] == {rule.state!r})"
    if isinstance(rule, Not):
        return f"(not {python(rule.rule)})"
    return "(" + (" and " if isinstance(rule, And) else " or ").join(map(python, rule.rules)) + ")"


def text(rule) -> str:
    if isinstance(rule, Truth):
        return str(rule.value).upper()
    if isinstance(rule, InState):
        return f'{rule.state}("{rule.alarm}")'
    if isinstance(rule, Not):
        return f"NOT ({text(rule.rule)})"
    return (" AND " if isinstance(rule, And) else " OR ").join(f"({text(each)})" for each in rule.rules)


@given(rule=RULES, states=st.fixed_dictionaries(dict.fromkeys("abc", STATES)))
def test_truth_is_what_python_says(rule, states):
    assert evaluate(parse(text(rule)), states.__getitem__) == eval(python(rule), {"states": states})


@pytest.mark.parametrize(
    ("text", "states", "truth"),
    [
        ("AT_LEAST(2, ALARM, (a, b, c))", "ALARM ALARM OK", True),
        ("AT_LEAST(2, ALARM, (a, b, c))", "ALARM OK OK", False),
        ("AT_LEAST(50%, ALARM, (a, b, c))", "ALARM OK OK", False),
        ("AT_LEAST(50%, ALARM, (a, b, c))", "ALARM OK ALARM", True),
        ("AT_LEAST(33%, ALARM, (a, b, c))", "ALARM OK OK", True),
        ("AT_LEAST(2, NOT OK, (a, b, c))", "ALARM INSUFFICIENT_DATA OK", True),
    ],
)
def test_at_least(text, states, truth):
    assert evaluate(parse(text), dict(zip("abc", states.split(), strict=True)).__getitem__) is truth
