"""AlarmRule, the language of composite alarms: text -> a rule, and a rule's truth for given alarm states.

::

    rule      = conjunct { "OR" conjunct }            conjunct = negation { "AND" negation }
    negation  = "NOT" negation | atom
    atom      = "(" rule ")" | "TRUE" | "FALSE" | STATE "(" alarm ")"
              | "AT_LEAST" "(" n | n% "," ["NOT"] STATE "," "(" alarm { "," alarm } ")" ")"

``alarm`` is a name or an ARN, bare or in double quotes (a backslash then takes the next character as it is).
Source: the CloudWatch user guide, "Composite alarms"; the error texts are the service's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Literal, cast

__all__ = [
    "AlarmRuleError",
    "And",
    "AtLeast",
    "InState",
    "Not",
    "Or",
    "Rule",
    "State",
    "Truth",
    "evaluate",
    "parse",
    "references",
]

State = Literal["ALARM", "OK", "INSUFFICIENT_DATA"]

ELEMENTS = 500
"""Functions, operators and parentheses in one rule (CloudWatch quota: 500 elements)."""
DEPTH = 100
"""Nesting (ours: who walks a rule does so by recursion)."""

_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
_START = "'(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"


class AlarmRuleError(ValueError):
    """The text is no rule; the message is AWS's, ``position`` a character of the text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"Error in AlarmRule [{message}]")
        self.position = position


@dataclass(frozen=True, slots=True)
class Truth:
    value: bool


@dataclass(frozen=True, slots=True)
class InState:
    state: State
    alarm: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``count`` of the alarms (``percent``: that share of them, rounded up) are (``negated``: are not) in the state."""

    count: int
    percent: bool
    state: State
    negated: bool
    alarms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    rule: Rule


@dataclass(frozen=True, slots=True)
class And:
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Or:
    rules: tuple[Rule, ...]


Rule = Truth | InState | AtLeast | Not | And | Or


def parse(text: str) -> Rule:
    """Raises AlarmRuleError."""
    parser = _Parser(_tokens(text), len(text))
    rule = parser.rule(0)
    parser.expect_end()
    return rule


def references(rule: Rule) -> tuple[str, ...]:
    """Every alarm a rule names, as written, once, in order."""
    found: dict[str, None] = {}

    def walk(node: Rule) -> None:
        if isinstance(node, InState):
            found[node.alarm] = None
        elif isinstance(node, AtLeast):
            found.update(dict.fromkeys(node.alarms))
        elif isinstance(node, Not):
            walk(node.rule)
        elif isinstance(node, And | Or):
            for each in node.rules:
                walk(each)

    walk(rule)
    return tuple(found)


def evaluate(rule: Rule, state_of: Callable[[str], str]) -> bool:
    """Whether the rule holds; ``state_of`` is asked with names as written."""
    if isinstance(rule, Truth):
        return rule.value
    if isinstance(rule, InState):
        return state_of(rule.alarm) == rule.state
    if isinstance(rule, Not):
        return not evaluate(rule.rule, state_of)
    if isinstance(rule, And):
        return all(evaluate(each, state_of) for each in rule.rules)
    if isinstance(rule, Or):
        return any(evaluate(each, state_of) for each in rule.rules)
    holding = sum((state_of(alarm) == rule.state) != rule.negated for alarm in rule.alarms)
    needed = ceil(rule.count * len(rule.alarms) / 100) if rule.percent else rule.count
    return holding >= needed


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["(", ")", ",", "word", "quoted"]
    text: str
    position: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace():
            at += 1
        elif char in "(),":
            found.append(_Token(cast(Literal["(", ")", ","], char), char, at))
            at += 1
        elif char == '"':
            name, end = _quoted(text, at)
            found.append(_Token("quoted", name, at))
            at = end
        else:
            end = at
            while end < len(text) and not (text[end].isspace() or text[end] in '(),"'):
                end += 1
            found.append(_Token("word", text[at:end], at))
            at = end
    return found


def _quoted(text: str, start: int) -> tuple[str, int]:
    name: list[str] = []
    at = start + 1
    while at < len(text) and text[at] != '"':
        at += text[at] == "\\" and at + 1 < len(text)
        name.append(text[at])
        at += 1
    if at >= len(text):
        raise AlarmRuleError(f"Unsupported token '{text[start:]}' at char {start}, must be: '\"'", start)
    return "".join(name), at + 1


class _Parser:
    def __init__(self, tokens: list[_Token], length: int) -> None:
        self._tokens = tokens
        self._length = length
        self._next = 0
        self._elements = 0

    def rule(self, depth: int) -> Rule:
        if depth > DEPTH:
            raise AlarmRuleError(f"the rule is nested more than {DEPTH} levels deep", self._position)
        parts = [self._conjunct(depth)]
        while self._is_word("OR"):
            self._take()
            parts.append(self._conjunct(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        if self._next < len(self._tokens):
            self._refuse("'AND', 'OR'")

    def _conjunct(self, depth: int) -> Rule:
        parts = [self._negation(depth)]
        while self._is_word("AND"):
            self._take()
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self, depth: int) -> Rule:
        turns = 0
        while self._is_word("NOT"):
            self._take()
            turns += 1
        atom = self._atom(depth)
        return Not(atom) if turns % 2 else atom

    def _atom(self, depth: int) -> Rule:
        token = self._peek()
        if token is not None and token.kind == "(":
            self._take()
            inside = self.rule(depth + 1)
            self._expect(")")
            return inside
        if token is None or token.kind != "word" or token.text not in ("TRUE", "FALSE", "AT_LEAST", *_STATES):
            raise self._refusal(_START)
        self._take()
        if token.text in ("TRUE", "FALSE"):
            return Truth(token.text == "TRUE")
        if token.text == "AT_LEAST":
            return self._at_least()
        self._expect("(")
        alarm = self._alarm()
        self._expect(")")
        return InState(cast(State, token.text), alarm)

    def _at_least(self) -> Rule:
        self._expect("(")
        token = self._peek()
        amount = token.text.removesuffix("%") if token is not None and token.kind == "word" else ""
        if not (amount.isascii() and amount.isdigit() and int(amount[:9]) > 0):
            self._refuse("a positive number or percentage")
        assert token is not None
        self._take()
        self._expect(",")
        negated = self._is_word("NOT")
        if negated:
            self._take()
        state = self._peek()
        if state is None or state.kind != "word" or state.text not in _STATES:
            raise self._refusal("ALARM, OK, or INSUFFICIENT_DATA")
        self._take()
        self._expect(",")
        self._expect("(")
        alarms = [self._alarm()]
        while (comma := self._peek()) is not None and comma.kind == ",":
            self._take()
            alarms.append(self._alarm())
        self._expect(")")
        self._expect(")")
        count, percent = int(amount[:9]), token.text.endswith("%")
        most = 100 if percent else len(alarms)
        if count > most:
            raise AlarmRuleError(
                f"AT_LEAST '{token.text}' at char {token.position} is more than {most}{'%' if percent else ' alarms'}",
                token.position,
            )
        return AtLeast(count, percent, cast(State, state.text), negated, tuple(alarms))

    def _alarm(self) -> str:
        token = self._peek()
        if token is None or token.kind not in ("word", "quoted") or not token.text:
            raise self._refusal("an alarm name or ARN")
        self._take()
        return token.text

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == "word" and token.text == word

    def _take(self) -> None:
        self._next += 1
        self._elements += 1
        if self._elements > ELEMENTS * 4:  # a function is one element of four tokens
            raise AlarmRuleError(f"the rule has more than {ELEMENTS} elements", self._position)

    def _expect(self, kind: str) -> None:
        token = self._peek()
        if token is None or token.kind != kind:
            self._refuse(f"'{kind}'")
        self._take()

    @property
    def _position(self) -> int:
        token = self._peek()
        return self._length if token is None else token.position

    def _refusal(self, wanted: str) -> AlarmRuleError:
        token = self._peek()
        shown = "<EOF>" if token is None else token.text
        return AlarmRuleError(
            f"Unsupported token '{shown}' at char {self._position}, must be: {wanted}", self._position
        )

    def _refuse(self, wanted: str) -> None:
        raise self._refusal(wanted)
