"""Metric scripts: data, questions and answers as text. ``run`` plays one; nothing of what they test is replaced.

A script works through CloudWatch's own operations, parameters validated, on the real lake and a real control store;
only the clock is simulated. One statement a line, ``#`` begins a comment, times (``90s``, ``1h30m``) count from the
script's start, 00:00 UTC of a recent day::

    put METRIC [period=TIME] [from=TIME] [unit=UNIT] [namespace=NAME] VALUE VALUE ...
                           one VALUE for each period (1m) from TIME (0) on, put with PutMetricData: 3, _ (none), 3x5
                           (five periods of 3), 3@20 (twenty samples of 3), 1,2,3 (three samples), 4/10/1/5 (a statistic
                           set: count, sum, minimum, maximum). Periods below a minute are of high resolution.
    at TIME                the time is now TIME; at first it is 1h
    range TIME TIME        what is asked about from here on; at first it is 0 to 10m
    stat STATISTIC METRIC [period=TIME] [unit=UNIT] [namespace=NAME]
                           asks GetMetricData, and GetMetricStatistics, which must agree
    let ID STATISTIC METRIC [...]
                           names a metric for ``math``; its data are not returned
    let ID select [period=TIME] QUERY
                           names a Metrics Insights query for ``math``, behind its word SELECT
    select [period=TIME] [label=LABEL] QUERY
                           asks GetMetricData for one; the period is 1m. ``select SUM(m) FROM Script``
    math [period=TIME] EXPRESSION
                           asks GetMetricData; the period is the answer's (the shortest named one, or 5m)
    = VALUE VALUE ...      the next series of the answer: a value for each of its periods in the range, _ for none; those
                           at the end may be left out. Values are compared to six digits.
    = LABEL: VALUE ...     the same, and what it is called
    none                   the answer has no series
    error TEXT             it is refused, in words that end so

METRIC is ``name`` or ``name{Dimension=value,Other=value}``. A question without an answer is an error.
"""

from __future__ import annotations

import itertools
import random
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from triptych.control.open import open_store
from triptych.kernel.clock import SystemClock
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import Ids
from triptych.lake.lake import Lake
from triptych.services.cloudwatch import SERVICE
from triptych.services.contract import Ctx, Runtime
from triptych.settings import Settings
from triptych.testing.clock import SimClock
from triptych.testing.script_words import ScriptFailed, seconds
from triptych.wire.model import operation_model
from triptych.wire.validate import validate

__all__ = ["parse", "run"]

REGION = "us-east-1"
NAMESPACE = "Script"

_STATEMENTS = ("put", "at", "range", "let")
_QUESTIONS = ("stat", "math", "select")
_ANSWERS = ("=", "none", "error")
_METRIC = re.compile(r"([^{}\s]+)(?:\{(.*)\})?\Z")
_OPTION = re.compile(r"(period|from|unit|namespace)=(.*)\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """A statement or a question; a question has at least one answer."""

    number: int
    verb: str
    text: str
    answers: list[tuple[str, str]] = field(default_factory=list)


def parse(text: str) -> list[Line]:
    """Raises ScriptFailed for a line that is none, a question without an answer, an answer without a question."""
    found: list[Line] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        verb, _, rest = line.partition(" ")
        if not verb:
            continue
        if verb in _ANSWERS:
            if not found or found[-1].verb not in _QUESTIONS:
                raise ScriptFailed(f"line {number}: an answer to nothing")
            found[-1].answers.append((verb, rest.strip()))
        elif verb in _STATEMENTS + _QUESTIONS:
            found.append(Line(number, verb, rest.strip()))
        else:
            raise ScriptFailed(f"line {number}: there is no statement {verb!r}")
    for each in found:
        if each.verb in _QUESTIONS and not each.answers:
            raise ScriptFailed(f"line {each.number}: a question without an answer")
    if not any(each.verb in _QUESTIONS for each in found):
        raise ScriptFailed("the script asks nothing")
    return found


async def run(text: str, *, lake: Lake, directory: Path, account: str) -> int:
    """Play a script; the number of questions answered rightly. Raises ScriptFailed.

    :param lake: opened with CloudWatch's tables; shared by scripts that have accounts of their own.
    :param directory: empty; the control store lives there.
    """
    lines = parse(text)
    today = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=2)  # recent: the lake drops and folds data by their age
    clock, ids = SimClock(start), Ids(random.Random(1))  # noqa: S311 - ids that repeat
    await clock.advance(3600)
    url = f"sqlite:///{directory / 'control.db'}"
    store = await open_store(url, sync="normal", clock=clock, ids=ids)
    try:
        runtime = Runtime(settings=Settings(), clock=clock, ids=ids, control=store, lake=lake, caller=_nobody)
        player = _Player(runtime, clock, start, account)
        for line in lines:
            await player.play(line)
    finally:
        await store.close()
    return player.answered


async def _nobody(context: Context, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    del context, params
    raise ScriptFailed(f"{service}:{operation} is called")


@dataclass
class _Player:
    runtime: Runtime
    clock: SimClock
    start: datetime
    account: str
    answered: int = 0
    span: tuple[int, int] = (0, 600)
    named: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def play(self, line: Line) -> None:
        try:
            await getattr(self, f"_{line.verb}")(line)
        except (ScriptFailed, ServiceError) as error:
            raise ScriptFailed(f"line {line.number}: {line.verb} {line.text}: {error}") from None

    async def _put(self, line: Line) -> None:
        metric, *values = _without_options(line.text)
        options = _options(line.text)
        period = seconds(options.get("period", "1m"), line.number)
        moment = self.start + timedelta(seconds=seconds(options.get("from", "0"), line.number))
        data = []
        for value in itertools.chain.from_iterable(map(_repeated, values)):
            if value != "_":
                datum = {"MetricName": _metric(metric)["MetricName"], "Timestamp": moment, **_said(value)}
                datum |= {"Dimensions": _metric(metric)["Dimensions"], "Unit": options.get("unit", "None")}
                data.append(datum | ({"StorageResolution": 1} if period % 60 else {}))
            moment += timedelta(seconds=period)
        namespace = options.get("namespace", NAMESPACE)
        await self._do("PutMetricData", {"Namespace": namespace, "MetricData": data})

    async def _at(self, line: Line) -> None:
        moment = self.start + timedelta(seconds=seconds(line.text, line.number))
        await self.clock.advance((moment - self.clock.now()).total_seconds())

    async def _range(self, line: Line) -> None:
        since, until = line.text.split()
        self.span = seconds(since, line.number), seconds(until, line.number)

    async def _let(self, line: Line) -> None:
        name, _, text = line.text.partition(" ")
        if text.startswith("select "):
            query = _select(text.removeprefix("select "), line.number)
            self.named[name] = {"Id": name, **query, "ReturnData": False}
        else:
            self.named[name] = {"Id": name, "MetricStat": _metric_stat(text), "ReturnData": False}

    async def _stat(self, line: Line) -> None:
        asked = _metric_stat(line.text)
        await self._judge(line, [{"Id": "asked", "MetricStat": asked}], asked["Period"])
        if line.answers[0][0] == "=":
            await self._compare(asked, line.answers[0][1])

    async def _math(self, line: Line) -> None:
        periods = [each.get("Period") or each["MetricStat"]["Period"] for each in self.named.values()]
        period = min(periods, default=300)
        expression = line.text
        if leading := re.match(r"period=(\S+) ", expression):
            period, expression = seconds(leading[1], line.number), expression[leading.end() :]
        asked = {"Id": "asked", "Expression": expression}
        await self._judge(line, [*self.named.values(), asked], period)

    async def _select(self, line: Line) -> None:
        query = _select(line.text, line.number)
        await self._judge(line, [{"Id": "asked", **query}], max(query["Period"], 60))

    async def _judge(self, line: Line, queries: Sequence[Mapping[str, Any]], period: int) -> None:
        wanted = [answer for answer in line.answers if answer != ("none", "")]
        try:
            answer = await self._do("GetMetricData", {"MetricDataQueries": queries, **self._times()})
        except ServiceError as error:
            if [verb for verb, _ in wanted] == ["error"] and error.message.endswith(wanted[0][1]):
                self.answered += 1
                return
            raise
        found = answer["MetricDataResults"]
        shown = [("=", f"{each['Label']}: {self._row(each, period)}") for each in found]
        for number, (mine, theirs) in enumerate(itertools.zip_longest(shown, wanted), 1):
            if mine is None or theirs is None or not _alike(mine, theirs):
                raise ScriptFailed(f"series {number} of {len(shown)} is {' '.join(mine or ('not there',))}")
        self.answered += 1

    async def _compare(self, asked: Mapping[str, Any], wanted: str) -> None:
        """GetMetricStatistics answers the same, apart from what several units do to it."""
        simple = asked["Stat"] in {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
        params = {**asked["Metric"], **self._times(), "Period": asked["Period"]}
        params["Statistics" if simple else "ExtendedStatistics"] = [asked["Stat"]]
        if "Unit" in asked:
            params["Unit"] = asked["Unit"]
        points = (await self._do("GetMetricStatistics", params))["Datapoints"]
        if len({point["Unit"] for point in points}) > 1:
            return
        series = {
            "Timestamps": [point["Timestamp"] for point in points],
            "Values": [
                point[asked["Stat"]] if simple else point["ExtendedStatistics"][asked["Stat"]]
                for point in points
            ],
        }
        row = self._row(series, asked["Period"])
        if row != wanted.rpartition(": ")[2].strip():
            raise ScriptFailed(f"GetMetricStatistics has {row}")

    def _times(self) -> dict[str, datetime]:
        since, until = self.span
        return {
            "StartTime": self.start + timedelta(seconds=since),
            "EndTime": self.start + timedelta(seconds=until),
        }

    def _row(self, series: Mapping[str, Any], period: int) -> str:
        """A value for each period of the range, as a script writes it. Raises ScriptFailed for one beside them."""
        at = {
            int((moment - self.start).total_seconds()): f"{value:.6g}"
            for moment, value in zip(series["Timestamps"], series["Values"], strict=True)
        }
        row = [at.pop(second, "_") for second in range(*self.span, period)]
        if at:
            raise ScriptFailed(f"there is a value at {min(at)}s, where no period of {period}s begins")
        return re.sub(r"(^| )_( _)*$", "", " ".join(row))

    async def _do(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        validate(operation_model("cloudwatch", operation), params)
        who = Identity(kind="Root", account=self.account)
        context = Context(account=self.account, region=REGION, identity=who, time=self.clock.now())
        ctx = Ctx(context, self.runtime.control.unit(), self.runtime)
        reply = await SERVICE.operations[operation.lower()](ctx, params)
        await ctx.unit.commit()
        return reply or {}


def _alike(mine: tuple[str, str], theirs: tuple[str, str]) -> bool:
    """The label is compared where the script has one."""
    verb, text = theirs
    label, _, row = mine[1].rpartition(": ")
    wanted_label, colon, wanted = text.rpartition(": ") if not text.endswith(":") else (text[:-1], ":", "")
    return verb == "=" and row == wanted.strip() and (not colon or label == wanted_label)


def _words(text: str) -> list[str]:
    return shlex.split(text, posix=True)


def _options(text: str) -> dict[str, str]:
    return {found[1]: found[2] for word in _words(text) if (found := _OPTION.match(word))}


def _without_options(text: str) -> list[str]:
    return [word for word in _words(text) if not _OPTION.match(word)]


def _metric(text: str) -> dict[str, Any]:
    found = _METRIC.match(text)
    if found is None:
        raise ScriptFailed(f"{text!r} is no metric, write name or name{{Dimension=value}}")
    pairs = [pair.partition("=")[::2] for pair in (found[2] or "").split(",") if pair]
    return {"MetricName": found[1], "Dimensions": [{"Name": name, "Value": value} for name, value in pairs]}


def _metric_stat(text: str) -> dict[str, Any]:
    statistic, metric = _without_options(text)
    options = _options(text)
    asked = {
        "Metric": {"Namespace": options.get("namespace", NAMESPACE), **_metric(metric)},
        "Period": seconds(options.get("period", "1m")),
        "Stat": statistic,
    }
    return asked | ({"Unit": options["unit"]} if "unit" in options else {})


def _select(text: str, line: int) -> dict[str, Any]:
    """``[period=TIME] [label=LABEL] QUERY``: a query's members."""
    query: dict[str, Any] = {"Period": 60}
    while option := re.match(r"(period|label)=(\S+) ", text):
        query |= {"Period": seconds(option[2], line)} if option[1] == "period" else {"Label": option[2]}
        text = text[option.end() :]
    return query | {"Expression": f"SELECT {text}"}


def _repeated(text: str) -> list[str]:
    value, x, times = text.partition("x")
    return [value] * int(times) if x else [value]


def _said(text: str) -> dict[str, Any]:
    """How a datum says a value."""
    if "/" in text:
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        return {"StatisticValues": dict(zip(names, map(float, text.split("/")), strict=True))}
    if "," in text:
        return {"Values": [float(each) for each in text.split(",")]}
    value, at, samples = text.partition("@")
    if at:
        return {"Values": [float(value)], "Counts": [float(samples)]}
    return {"Value": float(value)}
