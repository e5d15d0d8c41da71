"""Scripts: alarms living through simulated hours, as text. ``run`` executes one; nothing of what they test is replaced.

A script works on a real control store (SQLite), the real lake, and the operations, reactions, jobs and periodic work
CloudWatch declares; only the clock is simulated and the gateway scripted (every action succeeds). One statement a line,
``#`` begins a comment, times count from the script's start (00:00 UTC of a recent day)::

    alarm NAME STATISTIC METRIC OPERATOR THRESHOLD [M of] N x PERIOD [missing=TREATMENT] [low=ignore] [actions=off] [window=wall]
    math NAME EXPRESSION -- METRIC METRIC ... -- OPERATOR THRESHOLD [M of] N x PERIOD [options]   metrics are m1, m2, ...
    select NAME QUERY [-- EXPRESSION] -- OPERATOR THRESHOLD [M of] N x PERIOD [options]   the query is q1
    band NAME STATISTIC METRIC outside|above|below WIDTH [M of] N x PERIOD [options]   of what is expected of the metric
    composite NAME RULE [suppressor=NAME wait=TIME extension=TIME]
    change NAME [period=TIME] [threshold=NUMBER] [periods=N] [needed=M] [missing=TREATMENT]
    delete NAME
    set NAME STATE
    load PERIOD METRIC VALUE VALUE ...   one value for each period from now on, arriving as its period begins:
                                         3, _ (none), 3x5 (five times 3), 3@20 (twenty samples of 3)
    past PERIOD METRIC [times=N] VALUE VALUE ...   the values of what came before the start, in turn N times
    put METRIC VALUE for TIME            a datum that arrives now and is stamped TIME: late, or out of order
                                         METRIC may have dimensions, which alarm and math do not know: errors{Host=a}
    at TIME [statement]                  let time pass until then
    every TIME                           the steps in which time passes (1m; 10s for high-resolution alarms)
    restart [after TIME]                 kill the process without a goodbye and start another, later
    expect NAME STATE [because REASON]   <TIME> in a reason stands for a datapoint's time as CloudWatch writes it
    expect NAME went STATE@TIME ...      all state changes so far, in order (- for none)
    expect NAME acted STATE@TIME ...     all performed actions so far, by the state they were told (- for none)

An expectation that expects nothing is an error, as is a script without one.
"""

from __future__ import annotations

import random
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from triptych.bus.batch import Batch
from triptych.bus.dispatcher import Dispatcher
from triptych.bus.dispatcher import Reaction as BusReaction
from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.control.store import Job, Unit
from triptych.jobs.cron import Cron
from triptych.jobs.cron import Periodic as CronPeriodic
from triptych.jobs.worker import JobHandler, Worker
from triptych.kernel.clock import SystemClock
from triptych.kernel.context import Cause, Context, Identity
from triptych.kernel.ids import Ids
from triptych.lake.lake import Lake
from triptych.lake.table import Table
from triptych.services.cloudwatch import SERVICE, alarms, series
from triptych.services.cloudwatch.series import Point, Series
from triptych.services.contract import Ctx, JobKind, Periodic, Reaction, Runtime
from triptych.settings import Settings
from triptych.testing import script_words
from triptych.testing.clock import SimClock
from triptych.testing.script_words import ScriptFailed, seconds

__all__ = ["ScriptFailed", "Statement", "parse", "run"]

REGION = "us-east-1"
NAMESPACE = "Script"
TOPIC = f"arn:aws:sns:{REGION}:111111111111:told"
_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")


@dataclass(frozen=True, slots=True)
class Statement:
    """One line; ``words`` without comment, ``text`` behind the first word."""

    line: int
    verb: str
    text: str
    at: int | None = None
    """Seconds from the start at which it happens; None: when the one before did."""

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, posix=True)


def parse(text: str) -> list[Statement]:
    """The statements of a script. Raises ScriptFailed."""
    found: list[Statement] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        if not line:
            continue
        verb, _, rest = line.partition(" ")
        at = None
        if verb == "at":
            moment, _, rest = rest.strip().partition(" ")
            at = seconds(moment, number)
            verb, _, rest = rest.strip().partition(" ")
        statement = Statement(number, verb or "wait", rest.strip(), at)
        if statement.verb not in _Player.VERBS:
            raise ScriptFailed(f"line {number}: there is no statement {statement.verb!r}")
        if statement.verb == "expect" and len(statement.text.split()) < 2:
            raise ScriptFailed(f"line {number}: an expectation that expects nothing")
        found.append(statement)
    if not any(statement.verb == "expect" for statement in found):
        raise ScriptFailed("the script expects nothing")
    return found


async def run(text: str, *, lake: Lake, directory: Path, account: str) -> int:
    """Play a script; the number of expectations met. Raises ScriptFailed.

    :param lake: opened with CloudWatch's tables; shared by scripts that have accounts of their own.
    :param directory: empty; the control store lives there.
    """
    statements = parse(text)
    player = _Player(_OwnTokens(lake, account), directory, account)
    await player.open()
    try:
        for statement in statements:
            await player.play(statement)
    finally:
        await player.close()
    return player.met


class _OwnTokens:
    """A lake whose tokens are one script's own: outboxes of several scripts count from 1, each of them."""

    def __init__(self, lake: Lake, owner: str) -> None:
        self._lake = lake
        self._owner = owner
        self.select = lake.select
        self.rows_read = lake.rows_read
        self.delete = lake.delete
        self.close = lake.close

    async def write(self, table: Table, rows: Sequence[Mapping[str, Any]], *, token: str = "") -> None:
        await self._lake.write(table, rows, token=token and f"{self._owner}/{token}")


@dataclass(frozen=True, slots=True)
class _Arrival:
    at: datetime
    metric: str
    value: float
    samples: int
    stamped: datetime


@dataclass
class _Player:
    lake: Lake
    directory: Path
    account: str
    met: int = 0
    step: int = 60
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    arrivals: list[_Arrival] = field(default_factory=list)
    stores: list[SqlStore] = field(default_factory=list)

    VERBS = (
        "alarm", "math", "select", "band", "past", "composite", "change", "delete", "set", "load", "put", "wait", "every", "restart", "expect",
    )  # fmt: skip

    def __post_init__(self) -> None:
        today = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)
        # A recent day: the lake drops and folds data by their age.
        self.start = today - timedelta(days=2)
        self.clock = SimClock(self.start)
        self.ids = Ids(random.Random(1))  # noqa: S311 - ids that repeat

    @property
    def passed(self) -> int:
        return int((self.clock.now() - self.start).total_seconds())

    async def open(self) -> None:
        """A process starts on the files as they are."""
        url = f"sqlite:///{self.directory / 'control.db'}"
        store = await open_store(url, sync="normal", clock=self.clock, ids=self.ids)
        self.stores.append(store)
        self.store = store
        self.runtime = Runtime(
            settings=Settings(),
            clock=self.clock,
            ids=self.ids,
            control=store,
            lake=self.lake,
            caller=self._answer,
        )
        self.dispatcher = Dispatcher(
            store, [self._reaction(each) for each in alarms.REACTIONS], clock=self.clock, ids=self.ids
        )
        jobs = {kind.name: self._job(kind) for kind in alarms.JOBS}
        self.worker = Worker(store, clock=self.clock, ids=self.ids, handlers=jobs)
        self.cron = Cron(
            store, [self._periodic(each) for each in alarms.PERIODIC], clock=self.clock, ids=self.ids
        )
        await self._settle()

    async def close(self) -> None:
        for store in self.stores:
            await store.close()

    async def play(self, statement: Statement) -> None:
        try:
            if statement.at is not None:
                await self._until(statement.at)
            await getattr(self, f"_{statement.verb}")(statement)
        except ScriptFailed as error:
            raise ScriptFailed(f"line {statement.line}: {statement.verb} {statement.text}: {error}") from None

    # statements

    async def _wait(self, _statement: Statement) -> None:
        pass

    async def _every(self, statement: Statement) -> None:
        self.step = seconds(statement.text)

    async def _alarm(self, statement: Statement) -> None:
        name, statistic, metric, operator, threshold, *rest = statement.words
        simple = statistic in {"Average", "Sum", "Minimum", "Maximum", "SampleCount"}
        await self._put_metric_alarm(
            name,
            {
                "Statistic" if simple else "ExtendedStatistic": statistic,
                "MetricName": metric,
                "Namespace": NAMESPACE,
                **script_words.comparison(operator, threshold),
                **script_words.rest(rest),
            },
        )

    async def _math(self, statement: Statement) -> None:
        head, metrics, condition = (part.split() for part in statement.text.split(" -- "))
        name, expression = head[0], " ".join(head[1:])
        params = {**script_words.comparison(*condition[:2]), **script_words.rest(condition[2:])}
        period = params.pop("Period")
        queries: list[dict[str, Any]] = [{"Id": "e1", "Expression": expression}]
        for number, metric in enumerate(metrics, 1):
            stat = {
                "Metric": {"Namespace": NAMESPACE, "MetricName": metric},
                "Period": period,
                "Stat": "Average",
            }
            queries.append({"Id": f"m{number}", "MetricStat": stat, "ReturnData": False})
        await self._put_metric_alarm(name, {"Metrics": queries, **params})

    async def _select(self, statement: Statement) -> None:
        head, *expressions, condition = (part.split() for part in statement.text.split(" -- "))
        params = {**script_words.comparison(*condition[:2]), **script_words.rest(condition[2:])}
        query = {"Id": "q1", "Expression": " ".join(head[1:]), "Period": params.pop("Period")}
        queries = [query]
        for words in expressions:
            query["ReturnData"] = False
            queries.append({"Id": "e1", "Expression": " ".join(words)})
        await self._put_metric_alarm(head[0], {"Metrics": queries, **params})

    async def _band(self, statement: Statement) -> None:
        name, statistic, metric, side, width, *rest = statement.words
        if side not in script_words.SIDES:
            raise ScriptFailed(f"{side!r} is none of {' '.join(script_words.SIDES)}")
        params = script_words.rest(rest)
        stat = {
            "Metric": {"Namespace": NAMESPACE, "MetricName": metric},
            "Period": params.pop("Period"),
            "Stat": statistic,
        }
        queries = [
            {"Id": "m1", "MetricStat": stat},
            {"Id": "ad1", "Expression": f"ANOMALY_DETECTION_BAND(m1, {width})"},
        ]
        condition = {"ComparisonOperator": script_words.SIDES[side], "ThresholdMetricId": "ad1"}
        await self._put_metric_alarm(name, {"Metrics": queries, **condition, **params})

    async def _past(self, statement: Statement) -> None:
        period_text, metric, *values = statement.words
        turns = 1
        if values and values[0].startswith("times="):
            turns = int(values.pop(0).removeprefix("times="))
        period = timedelta(seconds=seconds(period_text))
        told = [
            each for text in values for each in [script_words.value(text)[:2]] * script_words.value(text)[2]
        ] * turns
        stamps = (self.start - period * ago for ago in range(len(told), 0, -1))
        now = self.clock.now()
        await self._arrive(
            [
                _Arrival(now, metric, value, samples, stamped)
                for stamped, (value, samples) in zip(stamps, told, strict=True)
                if value is not None
            ]
        )

    async def _put_metric_alarm(self, name: str, params: dict[str, Any]) -> None:
        whole = {"AlarmName": name, **_TELL, **params}
        self.definitions[name] = whole
        await self._do("PutMetricAlarm", whole)

    async def _composite(self, statement: Statement) -> None:
        name, _, text = statement.text.partition(" ")
        options = dict(re.findall(r"\b(suppressor|wait|extension)=(\S+)", text))
        rule = re.sub(r"\b(suppressor|wait|extension)=\S+", "", text).strip()
        params: dict[str, Any] = {"AlarmName": name, "AlarmRule": rule, **_TELL}
        if options:
            params |= {
                "ActionsSuppressor": options["suppressor"],
                "ActionsSuppressorWaitPeriod": seconds(options["wait"]),
                "ActionsSuppressorExtensionPeriod": seconds(options["extension"]),
            }
        await self._do("PutCompositeAlarm", params)

    async def _change(self, statement: Statement) -> None:
        name, *changes = statement.words
        await self._put_metric_alarm(name, self.definitions[name] | script_words.options(changes))

    async def _delete(self, statement: Statement) -> None:
        await self._do("DeleteAlarms", {"AlarmNames": statement.words})

    async def _set(self, statement: Statement) -> None:
        name, state = statement.words
        await self._do("SetAlarmState", {"AlarmName": name, "StateValue": state, "StateReason": "by hand"})

    async def _load(self, statement: Statement) -> None:
        period_text, metric, *values = statement.words
        period, moment = timedelta(seconds=seconds(period_text)), self.clock.now()
        for text in values:
            value, samples, times = script_words.value(text)
            for _ in range(times):
                if value is not None:
                    self.arrivals.append(_Arrival(moment, metric, value, samples, moment))
                moment += period

    async def _put(self, statement: Statement) -> None:
        metric, text, word, moment = statement.words
        value, samples, times = script_words.value(text)
        if word != "for" or value is None or times != 1:
            raise ScriptFailed("write put METRIC VALUE for TIME")
        stamped = self.start + timedelta(seconds=seconds(moment))
        await self._arrive([_Arrival(self.clock.now(), metric, value, samples, stamped)])

    async def _restart(self, statement: Statement) -> None:
        """The files are taken as they are; the old store never gets to tidy up before the new one reads them."""
        files = [file for file in self.directory.iterdir() if file.name.startswith("control.db")]
        self.directory = self.directory / "next"
        self.directory.mkdir()
        for file in files:
            shutil.copy(file, self.directory / file.name)
        if statement.text:
            word, moment = statement.words
            if word != "after":
                raise ScriptFailed("write restart after TIME")
            await self.clock.advance(seconds(moment))
            await self._arrive([each for each in self.arrivals if each.at <= self.clock.now()])
        await self.open()

    async def _expect(self, statement: Statement) -> None:
        name, what, *rest = statement.words
        if what in _STATES:
            await self._expect_state(name, what, statement.text.partition(" because ")[2].strip())
        elif what in {"went", "acted"} and rest:
            seen = await self._changes(name) if what == "went" else await self._performed(name)
            wanted = [] if rest == ["-"] else rest
            if seen != wanted:
                raise ScriptFailed(f"it {what} {' '.join(seen) or '-'}")
        else:
            raise ScriptFailed("an expectation that expects nothing")
        self.met += 1

    async def _expect_state(self, name: str, state: str, because: str) -> None:
        params = {"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        reply = await self._do("DescribeAlarms", params)
        found = [*reply["MetricAlarms"], *reply["CompositeAlarms"]]
        if not found:
            raise ScriptFailed("there is no such alarm")
        alarm = found[0]
        if alarm["StateValue"] != state:
            raise ScriptFailed(f"it is {alarm['StateValue']}: {alarm['StateReason']}")
        wanted = re.sub(r"<(\w+)>", lambda match: self._written(match[1]), because)
        if wanted and alarm["StateReason"] != wanted:
            raise ScriptFailed(f"because {alarm['StateReason']}")

    def _written(self, moment: str) -> str:
        return (self.start + timedelta(seconds=seconds(moment))).strftime("%d/%m/%y %H:%M:%S")

    async def _changes(self, name: str) -> list[str]:
        """From the history in the lake, the way users see it."""
        items = await self._history(name, "StateUpdate")
        return [
            f"{msgspec.json.decode(item['HistoryData'])['newState']['stateValue']}@{self._since(item['Timestamp'])}"
            for item in items
        ]

    async def _performed(self, name: str) -> list[str]:
        found = []
        for item in await self._history(name, "Action"):
            data = msgspec.json.decode(item["HistoryData"])
            if data["actionState"] != "Succeeded":
                raise ScriptFailed(f"an action failed: {data['error']}")
            message = msgspec.json.decode(msgspec.json.decode(data["publishedMessage"])["default"])
            found.append(f"{message['NewStateValue']}@{self._since(item['Timestamp'])}")
        return found

    async def _history(self, name: str, kind: str) -> list[dict[str, Any]]:
        params = {"AlarmName": name, "HistoryItemType": kind, "ScanBy": "TimestampAscending"}
        items: list[dict[str, Any]] = []
        while True:
            reply = await self._do("DescribeAlarmHistory", params)
            items += reply["AlarmHistoryItems"]
            if "NextToken" not in reply:
                return items
            params["NextToken"] = reply["NextToken"]

    def _since(self, moment: datetime) -> str:
        hours, rest = divmod(int((moment - self.start).total_seconds()), 3600)
        minutes, rest = divmod(rest, 60)
        return "".join(f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if n) or "0"

    # time and the machinery

    async def _until(self, moment: int) -> None:
        if moment < self.passed:
            raise ScriptFailed(f"it is {self._since(self.clock.now())} already")
        while self.passed < moment:
            step = min(self.step - self.passed % self.step, moment - self.passed)
            before = self.clock.now() + timedelta(seconds=step)
            await self._arrive([each for each in self.arrivals if each.at < before])
            await self.clock.advance(step)
            await self._settle()
        await self._arrive([each for each in self.arrivals if each.at < self.clock.now()])

    async def _settle(self) -> None:
        """Everything that is due happens; consequences too."""
        await self.cron.drain()
        while True:
            head = await self.store.head()
            await self.dispatcher.drain()
            await self.worker.drain()
            if await self.store.head() == head:
                return

    async def _arrive(self, arrived: Sequence[_Arrival]) -> None:
        if not arrived:
            return
        points = [
            Point(
                _series(each.metric),
                "None",
                int(each.stamped.timestamp() * 1000),
                float(each.samples),
                each.value * each.samples,
                each.value,
                each.value,
                (each.value,),
                (float(each.samples),),
            )
            for each in arrived
        ]
        await series.write(self.runtime, account=self.account, region=REGION, points=points)
        gone = set(map(id, arrived))
        self.arrivals = [each for each in self.arrivals if id(each) not in gone]

    async def _do(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        who = Identity(kind="Root", account=self.account)
        ctx = self._ctx(self.store.unit(), account=self.account, region=REGION, who=who)
        reply = await SERVICE.operations[operation.lower()](ctx, params)
        await ctx.unit.commit()
        await self._settle()
        return reply or {}

    async def _answer(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """The gateway: whatever is asked for is done."""
        del context, service, operation, params
        return {}

    def _ctx(
        self,
        unit: Unit,
        *,
        account: str = "",
        region: str = "",
        cause: Cause | None = None,
        who: Identity | None = None,
    ) -> Ctx:
        identity = who or Identity(kind="AWSService", account=account, invoked_by="cloudwatch.amazonaws.com")
        context = Context(
            account=account, region=region, identity=identity, time=self.clock.now(), cause=cause
        )
        return Ctx(context, unit, self.runtime)

    def _reaction(self, reaction: Reaction) -> BusReaction:
        async def handle(unit: Unit, batch: Batch) -> None:
            await reaction.handle(self._ctx(unit), batch)

        return BusReaction(name=reaction.name, kinds=reaction.kinds, run=handle)

    def _job(self, kind: JobKind) -> JobHandler:
        async def handle(unit: Unit, job: Job) -> None:
            await kind.handle(self._ctx(unit, account=job.account, region=job.region, cause=job.cause), job)

        return JobHandler(name=kind.name, run=handle, retry=kind.retry, concurrency=kind.concurrency)

    def _periodic(self, periodic: Periodic) -> CronPeriodic:
        async def handle(unit: Unit) -> None:
            await periodic.handle(self._ctx(unit))

        return CronPeriodic(
            name=periodic.name,
            seconds=periodic.seconds(Settings()),
            run=handle,
            aligned=periodic.aligned,
        )


def _series(metric: str) -> Series:
    name, _, listed = metric.partition("{")
    pairs = [pair.partition("=") for pair in listed.removesuffix("}").split(",") if pair]
    return Series(NAMESPACE, name, tuple(sorted((key, value) for key, _, value in pairs)))


_TELL = {"OKActions": [TOPIC], "AlarmActions": [TOPIC], "InsufficientDataActions": [TOPIC]}
