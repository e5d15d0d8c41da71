"""A second opinion on metric math, written apart from the first: Python's own parser, dictionaries and loops.

Knows nothing of ``triptych.query``. A series is ``Line(points, period)``; ``interpret`` is slow and obvious.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction


@dataclass
class Line:
    points: dict[int, float]
    period: int


Thing = float | Line | list[Line]


def interpret(text: str, metrics: dict[str, Line], start: int, end: int, period: int) -> Thing:
    for ours, python in (("&&", " and "), ("||", " or "), (" AND ", " and "), (" OR ", " or "), ("^", "**")):
        text = text.replace(ours, python)
    return Naive(metrics, start, end, period).value(ast.parse(text.strip(), mode="eval").body)


def clean(points: dict[int, float], period: int) -> Line:
    good = {t: v for t, v in points.items() if not (math.isnan(v) or math.isinf(v))}
    return Line(dict(sorted(good.items())), period)


def exact_sum(values: list[float]) -> float:
    return float(sum((Fraction(v) for v in values), Fraction(0)))


def mean(values: list[float]) -> float:
    return exact_sum(values) / len(values) if values else math.nan


def spread(values: list[float]) -> float:
    middle = mean(values)
    return math.sqrt(mean([(v - middle) * (v - middle) for v in values])) if values else math.nan


SUMMARIES: dict[str, Callable[[list[float]], float]] = {
    "SUM": exact_sum,
    "AVG": mean,
    "MAX": lambda values: max(values) if values else math.nan,
    "MIN": lambda values: min(values) if values else math.nan,
    "STDDEV": spread,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
POINTWISE: dict[str, Callable[[float], float]] = {
    "ABS": lambda v: v if v >= 0 else -v,
    "CEIL": lambda v: float(-((-v) // 1)),
    "FLOOR": lambda v: float(v // 1),
    "LOG": lambda v: math.log(v) if v > 0 else math.nan,
    "LOG10": lambda v: math.log10(v) if v > 0 else math.nan,
}
CALENDAR = {
    "MINUTE": "%M",
    "HOUR": "%H",
    "DAY": "%u",
    "DATE": "%d",
    "MONTH": "%m",
    "YEAR": "%Y",
}


def number(op: str, a: float, b: float) -> float:
    if a != a or b != b:
        return math.nan
    if op == "Div":
        return math.nan if b == 0 else a / b
    if op == "Pow":
        try:
            power = pow(a, b)
        except ArithmeticError:
            return math.nan
        return power if isinstance(power, float | int) else math.nan
    return {
        "Add": lambda: a + b,
        "Sub": lambda: a - b,
        "Mult": lambda: a * b,
        "Eq": lambda: float(a == b),
        "NotEq": lambda: float(a != b),
        "Lt": lambda: float(a < b),
        "LtE": lambda: float(a <= b),
        "Gt": lambda: float(a > b),
        "GtE": lambda: float(a >= b),
        "And": lambda: float(bool(a) and bool(b)),
        "Or": lambda: float(bool(a) or bool(b)),
    }[op]()


class Naive:
    def __init__(self, metrics: dict[str, Line], start: int, end: int, period: int) -> None:
        self.metrics, self.start, self.end, self.period = metrics, start, end, period

    def grid(self, period: int) -> list[int]:
        first = self.start // period * period
        times = []
        while first < self.end:
            times.append(first)
            first += period
        return times

    def value(self, node: ast.expr) -> Thing:
        if isinstance(node, ast.Constant):
            return float(node.value)
        if isinstance(node, ast.Name):
            return self.metrics[node.id]
        if isinstance(node, ast.List):
            lines: list[Line] = []
            for item in node.elts:
                thing = self.value(item)
                lines.extend(thing if isinstance(thing, list) else [thing])
            return lines
        if isinstance(node, ast.UnaryOp):
            return self.operate("Mult", -1.0, self.value(node.operand))
        if isinstance(node, ast.BinOp):
            return self.operate(type(node.op).__name__, self.value(node.left), self.value(node.right))
        if isinstance(node, ast.BoolOp):
            result = self.value(node.values[0])
            for other in node.values[1:]:
                result = self.operate(type(node.op).__name__, result, self.value(other))
            return result
        if isinstance(node, ast.Compare):
            result = self.value(node.left)
            for op, other in zip(node.ops, node.comparators, strict=True):
                result = self.operate(type(op).__name__, result, self.value(other))
            return result
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return self.call(node.func.id, node.args)

    def operate(self, op: str, a: Thing, b: Thing) -> Thing:
        if isinstance(a, list):
            return [self.operate(op, one, b) for one in a]
        if isinstance(b, list):
            return [self.operate(op, a, one) for one in b]
        if isinstance(a, Line) and isinstance(b, Line):
            times = set(a.points) | set(b.points)
            points = {t: number(op, a.points.get(t, 0.0), b.points.get(t, 0.0)) for t in times}
            return clean(points, math.gcd(a.period, b.period))
        if isinstance(a, Line):
            return clean({t: number(op, v, b) for t, v in a.points.items()}, a.period)
        if isinstance(b, Line):
            return clean({t: number(op, a, v) for t, v in b.points.items()}, b.period)
        result = number(op, a, b)
        return math.nan if math.isinf(result) else result

    def call(self, name: str, nodes: list[ast.expr]) -> Thing:
        if name == "METRICS":
            part = nodes[0].value if nodes else ""
            return [line for key, line in self.metrics.items() if part in key]
        if name == "SORT":
            return self.sort(*nodes)
        if name == "FILL":
            word = nodes[1].id if isinstance(nodes[1], ast.Name) and nodes[1].id.isupper() else None
            target = self.value(nodes[0])
            filler = word or self.value(nodes[1])
            return (
                [self.fill(one, filler) for one in target]
                if isinstance(target, list)
                else self.fill(target, filler)
            )
        arguments = [self.value(node) for node in nodes]
        if name == "IF":
            return self.condition(*arguments)
        first = arguments[0]
        if name in SUMMARIES:
            return self.summary(name, first)
        if name in POINTWISE or name in {"DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM"}:
            return (
                [self.shape(name, one) for one in first]
                if isinstance(first, list)
                else self.shape(name, first)
            )
        if name in CALENDAR:
            times = {t: datetime.fromtimestamp(t, UTC) for t in self.grid(first.period)}
            return Line({t: float(when.strftime(CALENDAR[name])) for t, when in times.items()}, first.period)
        if name == "SLICE":
            return [
                one
                for i, one in enumerate(first)
                if i >= arguments[1] and (len(arguments) < 3 or i < arguments[2])
            ]
        return {
            "EPOCH": lambda: Line({t: float(t) for t in self.grid(first.period)}, first.period),
            "METRIC_COUNT": lambda: float(len(first)),
            "PERIOD": lambda: float(first.period),
            "FIRST": lambda: first[0] if first else Line({}, self.period),
            "LAST": lambda: first[len(first) - 1] if first else Line({}, self.period),
            "REMOVE_EMPTY": lambda: [one for one in first if len(one.points) > 0],
            "TIME_SERIES": lambda: clean(dict.fromkeys(self.grid(self.period), first), self.period),
        }[name]()

    def summary(self, name: str, thing: Line | list[Line]) -> Thing:
        if isinstance(thing, Line):
            return SUMMARIES[name](list(thing.points.values()))
        result: dict[int, float] = {}
        for t in {t for one in thing for t in one.points}:
            if name == "AVG":
                result[t] = mean([one.points.get(t, 0.0) for one in thing])
            else:
                result[t] = SUMMARIES[name]([one.points[t] for one in thing if t in one.points])
        return clean(result, math.gcd(*(one.period for one in thing)) or self.period)

    def shape(self, name: str, line: Line) -> Line:
        if name in POINTWISE:
            return clean({t: POINTWISE[name](v) for t, v in line.points.items()}, line.period)
        times = sorted(line.points)
        result: dict[int, float] = {}
        running = 0.0
        for i, t in enumerate(times):
            running += line.points[t]
            if name == "RUNNING_SUM":
                result[t] = running
            elif i > 0:
                step = line.points[t] - line.points[times[i - 1]]
                gap = t - times[i - 1]
                result[t] = {"DIFF": step, "DIFF_TIME": float(gap), "RATE": step / gap}[name]
        return clean(result, line.period)

    def fill(self, line: Line, filler: Thing | str) -> Line:
        result = dict(line.points)
        for t in self.grid(line.period):
            if t in line.points:
                continue
            before = [x for x in line.points if x < t]
            after = [x for x in line.points if x > t]
            if filler == "REPEAT":
                if before:
                    result[t] = line.points[max(before)]
            elif filler == "LINEAR":
                if before and after:
                    x1, x2 = max(before), min(after)
                    y1, y2 = line.points[x1], line.points[x2]
                    result[t] = y1 + (y2 - y1) * (t - x1) / (x2 - x1)
            elif isinstance(filler, Line):
                if t in filler.points:
                    result[t] = filler.points[t]
            else:
                result[t] = filler
        return clean(result, line.period)

    def condition(self, test: Thing, yes: Thing, no: Thing | None = None) -> Thing:
        lines = [side for side in (yes, no) if isinstance(side, Line)]
        if isinstance(test, Line):
            result: dict[int, float] = {}
            for t, v in test.points.items():
                if v != 0:
                    result[t] = yes.points.get(t, 0.0) if isinstance(yes, Line) else yes
                elif isinstance(no, Line):
                    if t in no.points:
                        result[t] = no.points[t]
                elif no is not None:
                    result[t] = no
            return clean(result, test.period)
        side = None if test != test else no if test == 0 else yes
        if not lines:
            return math.nan if side is None else side
        if isinstance(side, Line):
            return side
        if side is None:
            return Line({}, lines[0].period)
        return clean(dict.fromkeys(self.grid(lines[0].period), side), lines[0].period)

    def sort(
        self, array: ast.expr, by: ast.expr, order: ast.expr, limit: ast.expr | None = None
    ) -> list[Line]:
        lines = self.value(array)
        full = [one for one in lines if one.points]
        sign = -1 if order.id == "DESC" else 1
        full = sorted(full, key=lambda one: sign * SUMMARIES[by.id](list(one.points.values())))
        ranked = full + [one for one in lines if not one.points]
        return ranked[: int(self.value(limit))] if limit is not None else ranked
