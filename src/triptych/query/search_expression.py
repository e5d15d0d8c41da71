"""SEARCH: a pattern over namespaces, metric names and dimensions, and which metrics it matches.

``SEARCH(' {AWS/EC2,InstanceId} MetricName="CPUUtilization" ', 'Average', 300)``: an optional schema in braces,
then terms with AND (which may be left out), OR, NOT and parentheses; NOT binds closest, OR last.

- A schema with dimension names finds metrics with exactly these dimensions; with a namespace alone, any.
- A term in double quotes is the whole of a name or value, letter by letter.
- Any other term is cut into tokens where camel case, digits or other characters begin. One token matches one
  token of a name or value whatever its case, or all its letters and digits those of the whole. Several tokens
  match consecutive tokens; those that no other character separates only in the same case: ``Count1`` finds
  CustomCount1 and ``count1`` does not, ``network-errors`` finds NetworkErrors2 (all examples of the page hold).
- ``MetricName=``, ``Namespace=``, ``:aws.AccountId=`` and dimension names narrow a term, or several in
  parentheses, to one property.

Source: "CloudWatch search expression syntax" in the CloudWatch User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from triptych.kernel.limits import METRIC_MATH_DEPTH, SEARCH_CHARACTERS
from triptych.query.statistic import Statistic, StatisticError
from triptych.query.statistic import parse as parse_statistic

__all__ = ["Search", "SearchError", "compile_search", "parse", "tokenize"]


class SearchError(ValueError):
    """A pattern that cannot be read; ``position`` counts characters from the start of the pattern."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} [{position}]")
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Term:
    """One word, of any property or of one.

    :param words: for a partial match, the tokens of each word between other characters.
    :param folded: all its letters and digits without their case.
    """

    text: str
    exact: bool
    property: str | None
    words: tuple[tuple[str, ...], ...]
    folded: str


@dataclass(frozen=True, slots=True)
class Combined:
    operator: Literal["AND", "OR", "NOT"]
    parts: tuple[Pattern, ...]


Pattern = Term | Combined


@dataclass(frozen=True, slots=True)
class Search:
    """A compiled search.

    :param pattern: the text between the quotes.
    :param period: seconds; ``None`` leaves it to the request.
    :param namespace: of the schema; ``None`` without one.
    :param dimension_names: of the schema; ``None`` where it names none, so any will do.
    :param terms: ``None`` where there is only a schema.
    """

    pattern: str
    statistic: Statistic
    period: int | None
    namespace: str | None
    dimension_names: frozenset[str] | None
    terms: Pattern | None

    def matches(
        self, namespace: str, name: str, dimensions: Iterable[tuple[str, str]], *, account_id: str = ""
    ) -> bool:
        """Whether it finds the metric. ``dimensions`` are (name, value)."""
        pairs = tuple(dimensions)
        if self.namespace is not None and namespace != self.namespace:
            return False
        if self.dimension_names is not None and {key for key, _ in pairs} != self.dimension_names:
            return False
        return self.terms is None or _holds(self.terms, (namespace, name, pairs, account_id))


_Metric = tuple[str, str, tuple[tuple[str, str], ...], str]


def _holds(pattern: Pattern, metric: _Metric) -> bool:
    match pattern:
        case Term():
            return any(_matches(pattern, text) for text in _texts(pattern, metric))
        case Combined(operator="AND", parts=parts):
            return all(_holds(part, metric) for part in parts)
        case Combined(operator="OR", parts=parts):
            return any(_holds(part, metric) for part in parts)
        case Combined(parts=parts):
            return not _holds(parts[0], metric)


def _texts(term: Term, metric: _Metric) -> Sequence[str]:
    """The names and values a term is held against."""
    namespace, name, dimensions, account_id = metric
    match term.property:
        case None:
            return [namespace, name, *(text for pair in dimensions for text in pair)]
        case "MetricName":
            return [name]
        case "Namespace":
            return [namespace]
        case ":aws.AccountId":  # there is one account to search, so LOCAL is always this one
            return [term.text] if term.text in {account_id, "LOCAL", "'LOCAL'"} else []
        case dimension:
            return [value for key, value in dimensions if key == dimension]


_WORD = re.compile(r"[^\W_]+")
_DELIMITERS = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+")


def tokenize(text: str) -> tuple[tuple[str, ...], ...]:
    """The tokens of each word, in the case they have: ``Project2-trial`` is (Project, 2), (trial)."""
    return tuple(tuple(_TOKEN.findall(word)) for word in _WORD.findall(text))


def _matches(term: Term, text: str) -> bool:
    if term.exact:
        return term.text == text
    folded = _folded(text)
    if term.folded not in folded:  # necessary for both matches below, and decides most at once
        return False
    if term.folded == folded:
        return True
    tokens = [token for word in tokenize(text) for token in word]
    wanted = [(token, len(word) > 1) for word in term.words for token in word]
    return any(
        all(
            token == sought if same_case else token.casefold() == sought.casefold()
            for token, (sought, same_case) in zip(tokens[start:], wanted, strict=False)
        )
        for start in range(len(tokens) - len(wanted) + 1)
    )


@lru_cache(maxsize=16_384)  # names and many values come again and again
def _folded(text: str) -> str:
    """All letters and digits, whatever their case."""
    return _DELIMITERS.sub("", text).casefold()


_CALL = re.compile(
    r"\s*SEARCH\s*\(\s*(?P<pattern>'(?:[^'\\]|\\.)*')\s*,\s*'(?P<statistic>[^']*)'\s*(?:,\s*(?P<period>[0-9]{1,9})\s*)?\)\s*",
    re.DOTALL,
)


def parse(text: str) -> Search:
    """Read a whole ``SEARCH('pattern', 'statistic', period)``; one within metric math is read by ``metric_math``."""
    call = _CALL.fullmatch(text)
    if call is None:
        raise SearchError("A search expression is SEARCH('pattern', 'statistic', period)", 0)
    period = call["period"]
    return compile_search(
        call["pattern"][1:-1].replace("\\'", "'"), call["statistic"], int(period) if period else None
    )


def compile_search(pattern: str, statistic: str, period: int | None = None) -> Search:
    """A search from its arguments. Raises :class:`SearchError`."""
    if len(pattern) > SEARCH_CHARACTERS:
        message = f"The search has {len(pattern)} characters, {SEARCH_CHARACTERS} are allowed"
        raise SearchError(message, SEARCH_CHARACTERS)
    if period is not None and period not in {1, 5, 10, 20, 30} and (period < 60 or period % 60):
        raise SearchError(f"The period {period} is not 1, 5, 10, 20, 30 or a multiple of 60", 0)
    try:
        parsed = parse_statistic(statistic)
    except StatisticError as error:
        raise SearchError(error.message, 0) from None
    reader = _Reader(pattern)
    namespace, names = reader.schema()
    terms = reader.terms()
    if namespace is None and terms is None:
        raise SearchError("A search needs a metric schema, a term, or both", 0)
    return Search(pattern, parsed, period, namespace, names, terms)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["quoted", "plain", "mark", "end"]
    text: str
    position: int


_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLAIN = re.compile(r'[^\s()"=]+')
_NAME = re.compile(r'[^\s,{}"]+')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class _Reader:
    """Reads a pattern from left to right; recursion is bounded by ``depth``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def schema(self) -> tuple[str | None, frozenset[str] | None]:
        self._skip()
        if not self._text.startswith("{", self._position):
            return None, None
        start = self._position
        names: list[str] = []
        while not names or self._text.startswith(",", self._position):
            self._position += 1
            names.append(self._name())
            self._skip()
        if not self._text.startswith("}", self._position):
            if self._position == len(self._text):
                raise SearchError("The metric schema does not end", start)
            raise SearchError(
                "Names in a schema are separated by commas, and quoted if they hold spaces", self._position
            )
        self._position += 1
        self._skip()
        if self._text.startswith(",", self._position):  # several examples of the page put one there
            self._position += 1
        return names[0], frozenset(names[1:]) or None

    def terms(self) -> Pattern | None:
        if self._peek().kind == "end":
            return None
        pattern = self._either(0, None)
        rest = self._peek()
        if rest.kind != "end":
            raise SearchError(f"Unexpected '{rest.text}'", rest.position)
        return pattern

    def _either(self, depth: int, designated: str | None) -> Pattern:
        if depth > METRIC_MATH_DEPTH:
            raise SearchError(f"The search is nested more than {METRIC_MATH_DEPTH} deep", self._position)
        parts = [self._all(depth, designated)]
        while self._is_word("OR"):
            self._take()
            parts.append(self._all(depth, designated))
        return parts[0] if len(parts) == 1 else Combined("OR", tuple(parts))

    def _all(self, depth: int, designated: str | None) -> Pattern:
        parts = [self._one(depth, designated)]
        while True:
            token = self._peek()
            if token.kind == "end" or token.text == ")" or self._is_word("OR"):
                return parts[0] if len(parts) == 1 else Combined("AND", tuple(parts))
            if self._is_word("AND"):
                self._take()
            parts.append(self._one(depth, designated))

    def _one(self, depth: int, designated: str | None) -> Pattern:
        negations = 0
        while self._is_word("NOT"):
            self._take()
            negations += 1
        token = self._take()
        if token.kind == "mark" and token.text == "(":
            pattern = self._group(depth, designated)
        elif token.kind in {"quoted", "plain"} and not (
            token.kind == "plain" and token.text in {"AND", "OR"}
        ):
            pattern = self._term(token, depth, designated)
        else:
            raise SearchError(
                f"Expected a term before '{token.text}'" if token.text else "A term is missing",
                token.position,
            )
        return Combined("NOT", (pattern,)) if negations % 2 else pattern

    def _group(self, depth: int, designated: str | None) -> Pattern:
        pattern = self._either(depth + 1, designated)
        closing = self._take()
        if closing.text != ")" or closing.kind != "mark":
            raise SearchError("A parenthesis is not closed", closing.position)
        return pattern

    def _term(self, token: _Token, depth: int, designated: str | None) -> Pattern:
        following = self._peek()
        if following.kind == "mark" and following.text == "=":
            if designated is not None:
                raise SearchError("A property name may not stand within another's", token.position)
            self._take()
            value = self._take()
            if value.kind == "mark" and value.text == "(":
                return self._group(depth, token.text)
            if value.kind not in {"quoted", "plain"}:
                raise SearchError(f"{token.text}= has no value", value.position)
            return _made(value, token.text)
        return _made(token, designated)

    def _name(self) -> str:
        """A name in the schema."""
        self._skip()
        for pattern in (_QUOTED, _NAME):
            if match := pattern.match(self._text, self._position):
                self._position = match.end()
                return _ESCAPE.sub(r"\1", match[1]) if pattern is _QUOTED else match[0]
        raise SearchError("A name is missing in the metric schema", self._position)

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._position)
        self._position = match.end() if match else self._position

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token.kind == "plain" and token.text == word

    def _peek(self) -> _Token:
        position = self._position
        token = self._take()
        self._position = position
        return token

    def _take(self) -> _Token:
        self._skip()
        start = self._position
        if start == len(self._text):
            return _Token("end", "", start)
        if match := _QUOTED.match(self._text, start):
            self._position = match.end()
            return _Token("quoted", _ESCAPE.sub(r"\1", match[1]), start)
        if match := _PLAIN.match(self._text, start):
            self._position = match.end()
            return _Token("plain", match[0], start)
        if self._text[start] == '"':
            raise SearchError("A double quote is not closed", start)
        self._position += 1
        return _Token("mark", self._text[start], start)


def _made(token: _Token, designated: str | None) -> Term:
    exact = token.kind == "quoted"
    words = () if exact else tokenize(token.text)
    if not exact and not words:
        raise SearchError(f"'{token.text}' has neither letters nor digits to search for", token.position)
    return Term(token.text, exact, designated, words, _folded(token.text))
