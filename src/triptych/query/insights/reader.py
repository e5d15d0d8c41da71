"""Tokens to expressions: the reader every command is handed. What commands are is not known here.

Precedence, loosest first: or, and, not, comparison (``=`` ``like`` ``in`` ...), ``+ -``, ``* / %``, sign, ``^``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from triptych.kernel import limits
from triptych.query.insights import regex, tree
from triptych.query.insights.lexer import Token, regex_at, token_at
from triptych.query.insights.malformed import MalformedQuery

T = TypeVar("T")

_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_RESERVED = frozenset({"and", "or", "not", "in", "like", "as", "by", "asc", "desc"})


class Reader:
    """Reads one query from the left; ``peek`` looks, ``next`` moves on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._ahead: Token | None = None  # read when looked at: a regular expression is not made of tokens
        self._before = 0
        self._depth = 0

    def peek(self) -> Token:
        if self._ahead is None:
            self._ahead = token_at(self.text, self._before)
        return self._ahead

    def next(self) -> Token:
        token = self.peek()
        self._before = token.end
        self._ahead = None
        return token

    @property
    def behind(self) -> int:
        """Offset behind the last token that was read."""
        return self._before

    def is_symbol(self, *symbols: str) -> bool:
        return self.peek().kind == "symbol" and self.peek().text in symbols

    def is_word(self, *words: str) -> bool:
        return self.peek().kind == "word" and self.peek().text.lower() in words

    def take_symbol(self, *symbols: str) -> bool:
        if self.is_symbol(*symbols):
            self.next()
            return True
        return False

    def take_word(self, *words: str) -> bool:
        if self.is_word(*words):
            self.next()
            return True
        return False

    def expect(self, symbol: str) -> Token:
        if not self.is_symbol(symbol):
            raise self.unexpected(f"'{symbol}'")
        return self.next()

    def at_end(self) -> bool:
        """Whether the command ends here."""
        return self.peek().kind == "end" or self.is_symbol("|")

    def unexpected(self, wanted: str) -> MalformedQuery:
        token = self.peek()
        line = self.text.count("\n", 0, token.start) + 1
        column = token.start - (self.text.rfind("\n", 0, token.start) + 1)
        if token.kind == "end":
            what = "unexpected end of the query"
        else:
            what = f"unexpected symbol found {self.text[token.start : token.end]}"
        message = f"{what} at line {line} and position {column}; {wanted} is expected"
        return MalformedQuery(message, token.start, max(token.end, token.start))

    def listed(self, item: Callable[[], T]) -> list[T]:
        """One or more, separated by commas."""
        found = [item()]
        while self.take_symbol(","):
            found.append(item())
        return found

    def name(self) -> Token:
        """The name of a field."""
        token = self.peek()
        if token.kind == "field" or (token.kind == "word" and token.text.lower() not in _RESERVED):
            return self.next()
        raise self.unexpected("the name of a field")

    def string(self) -> Token:
        if self.peek().kind != "string":
            raise self.unexpected("a text in quotes")
        return self.next()

    def regex(self) -> Token | None:
        """A regular expression, if one stands here; its text is RE2's."""
        token = regex_at(self.text, self._before)
        if token is None:
            return None
        self._before = token.end
        self._ahead = None
        return Token("regex", self._translated(token.text, token), token.start, token.end)

    def _translated(self, pattern: str, token: Token) -> str:
        try:
            return regex.translated(pattern)
        except ValueError as error:
            message = f"The regular expression cannot be used: {error}"
            raise MalformedQuery(message, token.start, token.end) from None

    def expression(self) -> tree.Expression:
        self._depth += 1
        if self._depth > limits.INSIGHTS_DEPTH:
            token = self.peek()
            raise MalformedQuery("The expression is nested too deeply", token.start, token.end)
        found = self._or()
        self._depth -= 1
        return found

    def _or(self) -> tree.Expression:
        return self._joined(self._and, "or")

    def _and(self) -> tree.Expression:
        return self._joined(self._not, "and")

    def _joined(self, part: Callable[[], tree.Expression], word: Any) -> tree.Expression:
        left = part()
        length = 1
        while self.take_word(word):
            length += 1
            if length > limits.INSIGHTS_TERMS:
                raise MalformedQuery("The condition is too long", left.start, self.peek().end)
            right = part()
            left = tree.Binary(operator=word, left=left, right=right, start=left.start, end=right.end)
        return left

    def _not(self) -> tree.Expression:
        if not self.is_word("not"):
            return self._comparison()
        start = self.next().start
        operand = self._deeper(self._not)
        return tree.Not(operand=operand, start=start, end=operand.end)

    def _deeper(self, part: Callable[[], tree.Expression]) -> tree.Expression:
        """What repeats itself to the right is nesting too."""
        self._depth += 1
        if self._depth > limits.INSIGHTS_DEPTH:
            raise MalformedQuery("The expression is nested too deeply", self.peek().start, self.peek().end)
        found = part()
        self._depth -= 1
        return found

    def _comparison(self) -> tree.Expression:
        left = self._sum()
        if self.is_symbol(*_COMPARISONS):
            operator: Any = self.next().text
            right = self._sum()
            return tree.Binary(operator=operator, left=left, right=right, start=left.start, end=right.end)
        negated = self.take_word("not")
        found: tree.Expression
        if self.is_symbol("=~") or self.is_word("like"):
            needs_regex = self.next().text == "=~"
            found = self._pattern(left, needs_regex)
        elif self.take_word("in"):
            self.expect("[")
            choices = tuple(self.listed(self._sum))
            found = tree.Within(operand=left, choices=choices, start=left.start, end=self.expect("]").end)
        elif negated:
            raise self.unexpected("'like' or 'in'")
        else:
            return left
        return tree.Not(operand=found, start=found.start, end=found.end) if negated else found

    def _pattern(self, operand: tree.Expression, needs_regex: bool) -> tree.Like:  # noqa: FBT001
        token = self.regex()
        if token is None:
            token = self.string()
        pattern = self._translated(token.text, token) if needs_regex else token.text
        return tree.Like(
            operand=operand,
            pattern=pattern,
            regex=needs_regex or token.kind == "regex",
            start=operand.start,
            end=token.end,
        )

    def _sum(self) -> tree.Expression:
        return self._left_to_right(self._product, "+", "-")

    def _product(self) -> tree.Expression:
        return self._left_to_right(self._signed, "*", "/", "%")

    def _left_to_right(self, part: Callable[[], tree.Expression], *symbols: str) -> tree.Expression:
        left = part()
        length = 0
        while self.is_symbol(*symbols):
            length += 1
            if length > limits.INSIGHTS_DEPTH:
                raise MalformedQuery("The expression is too long", left.start, self.peek().end)
            operator: Any = self.next().text
            right = part()
            left = tree.Binary(operator=operator, left=left, right=right, start=left.start, end=right.end)
        return left

    def _signed(self) -> tree.Expression:
        if self.is_symbol("-", "+"):
            sign = self.next()
            operand = self._deeper(self._signed)
            if sign.text == "+":
                return operand
            return tree.Negative(operand=operand, start=sign.start, end=operand.end)
        return self._power()

    def _power(self) -> tree.Expression:
        left = self._primary()
        if self.take_symbol("^"):
            right = self._deeper(self._signed)
            return tree.Binary(operator="^", left=left, right=right, start=left.start, end=right.end)
        return left

    def operand(self) -> tree.Expression:
        """A value without operators, where a ``/`` behind it begins a regular expression."""
        return self._primary()

    def _primary(self) -> tree.Expression:
        token = self.peek()
        if self.take_symbol("("):
            found = self.expression()
            self.expect(")")
            return found
        place: dict[str, int] = {"start": token.start, "end": token.end}
        if token.kind == "number":
            self.next()
            return tree.Number(value=float(token.text), **place)
        if token.kind == "string":
            self.next()
            return tree.Text(value=token.text, **place)
        if token.kind == "duration":
            self.next()
            digits = len(token.text) - len(token.text.lstrip("0123456789"))
            return tree.Period(count=int(token.text[:digits]), unit=token.text[digits:], **place)
        token = self.name()
        if token.kind == "word" and self.is_symbol("("):
            return self._call(token)
        if token.kind == "word" and token.text.lower() in {"true", "false"}:
            return tree.Truth(value=token.text.lower() == "true", **place)
        return tree.Field(name=token.text, quoted=token.kind == "field", **place)

    def _call(self, name: Token) -> tree.Call:
        self.expect("(")
        arguments: list[tree.Expression] = []
        if self.is_symbol("*"):
            star = self.next()
            arguments.append(tree.Star(start=star.start, end=star.end))
        elif not self.is_symbol(")"):
            arguments = self.listed(self.expression)
        end = self.expect(")").end
        text = self.text[name.start : end]
        return tree.Call(name=name.text, arguments=tuple(arguments), text=text, start=name.start, end=end)
