"""The report of an incident, for people: a timeline as Markdown. Pure.

Everything in it is in the timeline's JSON as well; this decides only what a reader needs first. Times are UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

__all__ = ["EVENTS_TOLD", "markdown"]

EVENTS_TOLD = 200
"""Lines of the course of events; what is left out is counted."""
_VALUE_CHARACTERS = 300
_MARKUP = re.compile(r"[\\`*<>\[]|(?<!\w)_|_(?!\w)")
"""What would be markup in Markdown; an underscore within a word is none."""

_LANE_WORDS: Mapping[str, str] = {
    "alarm": "alarm",
    "api": "call",
    "configuration": "configuration",
    "compliance": "compliance",
    "remediation": "remediation",
    "automation": "automation",
}


def markdown(timeline: Mapping[str, Any]) -> str:
    """:param timeline: as the API answers it (JSON values)."""
    parts = [
        _head(timeline),
        _causes(timeline["suspects"], timeline["focus"]),
        _changes(timeline["suspects"]),
        _repair(timeline),
        _course(timeline),
        _metrics(timeline["metrics"], timeline["focus"]),
        _logs(timeline["lanes"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(timeline: Mapping[str, Any]) -> str:
    subject, episode, focus = timeline["subject"], timeline["episode"], timeline["focus"]
    lines = [f"# {_plain(subject['title'])}", ""]
    if episode:
        end = episode["end"]
        lasted = f"to {_at(end)} ({_span(end - episode['start'])})" if end else "and is still in ALARM"
        lines.append(f"- **In ALARM:** from {_at(episode['start'])} {lasted}")
        if episode["reason"]:
            lines.append(f"- **Why it fired:** {_plain(episode['reason'])}")
    elif focus:
        lines.append(f"- **Began:** {_at(focus['t'])}, with {_plain(focus['what'])}")
    suspects = timeline["suspects"]
    if suspects:
        top = suspects[0]
        sure = "recorded" if top["certain"] else f"score {top['score']} of 100"
        lines.append(f"- **Likeliest cause ({sure}):** {_told(top)}")
    elif focus:
        lines.append("- **Likeliest cause:** nothing before the start is worth suspecting")
    if repair := timeline["repair"]:
        lines.append(f"- **Repaired:** {_at(repair['t'])}, {_plain(repair['title'])}")
    elif tried := _repairs(timeline):
        lines.append(f"- **Repaired:** not yet, {_plain(tried[-1]['title'])}")
    else:
        lines.append("- **Repaired:** no remediation ran")
    axis = timeline["axis"]
    lines.append(f"- **Looked at:** {_at(axis['from'])} to {_at(axis['to'])}")
    return "\n".join(lines)


def _told(suspect: Mapping[str, Any]) -> str:
    where = f" from {suspect['sourceIp']}" if suspect["sourceIp"] else ""
    return f"{_plain(suspect['title'] + where)}, at {_at(suspect['t'])}"


def _causes(suspects: Sequence[Mapping[str, Any]], focus: Mapping[str, Any] | None) -> str:
    if not suspects or not focus:
        return ""
    lines = ["## Likely causes", ""]
    for number, suspect in enumerate(suspects, 1):
        sure = ", certain" if suspect["certain"] else ""
        more = f" ({suspect['alike']} more like it)" if suspect["alike"] else ""
        lines.append(f"{number}. **{suspect['score']}{sure}** {_told(suspect)}{more}")
        lines += [f"   - {_plain(reason['text'])} ({reason['weight']:+d})" for reason in suspect["reasons"]]
    return "\n".join(lines)


def _changes(suspects: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        f"| {_at(change['t'])} | {_cell(suspect['actor'])} | {_cell(_name(change['resource']))} "
        f"| {_cell(change['path'])} | {_value(change['from'])} | {_value(change['to'])} |"
        for suspect in suspects
        for change in suspect["changes"]
    ]
    if not rows:
        return ""
    head = ["| time | who | resource | property | from | to |", "|---|---|---|---|---|---|"]
    return "\n".join(["## What changed", "", *head, *rows])


def _repair(timeline: Mapping[str, Any]) -> str:
    repairs = _repairs(timeline)
    if not repairs:
        return ""
    runs = {item["detail"]: item for item in _items(timeline, "automation")}
    lines = ["## What repaired it", ""]
    for item in repairs:
        lines.append(f"- {_at(item['t'])} {_plain(item['title'])}")
        run = runs.get(item.get("detail", ""))
        if run is None:
            continue
        lines.append(f"  - {_plain(run['title'])}")
        for step in run.get("steps", ()):
            took = f", {_span(step['end'] - step['start'])}" if step["start"] and step["end"] else ""
            error = f": {_plain(step['error'])}" if step["error"] else ""
            lines.append(
                f"    - {_plain(step['name'])} ({_plain(step['action'])}): {step['status']}{took}{error}"
            )
    return "\n".join(lines)


def _repairs(timeline: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Remediations that belong to it; all there were in a free range."""
    found = _items(timeline, "remediation")
    repair = (timeline["repair"] or {}).get("id")
    free = timeline["subject"]["kind"] == "range"
    return [each for each in found if free or each.get("related") or each["id"] == repair]


def _items(timeline: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [item for lane in timeline["lanes"] if lane["kind"] == kind for item in lane["items"]]


def _course(timeline: Mapping[str, Any]) -> str:
    """What happened, in the order of time: related items first when there are too many for a page."""
    told = [
        (item["t"], lane["kind"], item)
        for lane in timeline["lanes"]
        if lane["kind"] in _LANE_WORDS
        for item in lane["items"]
    ]
    if not told:
        return ""
    suspects = {each["id"] for each in timeline["suspects"]}
    told.sort(
        key=lambda each: (each[2]["id"] not in suspects, not each[2].get("related"), each[0], each[2]["id"])
    )
    kept = sorted(told[:EVENTS_TOLD], key=lambda each: (each[0], each[2]["id"]))
    lines = ["## What happened", "", "| time (UTC) | | what | from |", "|---|---|---|---|"]
    for t, kind, item in kept:
        mark = f" **(suspect, {item['score']})**" if item.get("score") is not None else ""
        lines.append(
            f"| {_at(t)} | {_LANE_WORDS[kind]} | {_cell(item['title'])}{mark} | {_cell(item.get('sourceIp', ''))} |"
        )
    lines += list(_left_out(timeline, len(told) - len(kept)))
    return "\n".join(lines)


def _left_out(timeline: Mapping[str, Any], cut: int) -> Iterator[str]:
    notes = [f"{cut} less related items"] if cut else []
    for lane in timeline["lanes"]:
        if lane["bucketed"] and lane["kind"] in _LANE_WORDS:
            notes.append(f"{lane['total'] - lane['shown']} more of {lane['kind']}")
        if lane.get("hidden"):
            notes.append(f"{lane['hidden']} calls that only read")
    if notes:
        yield ""
        yield f"Not listed: {', '.join(notes)}."


def _metrics(metrics: Sequence[Mapping[str, Any]], focus: Mapping[str, Any] | None) -> str:
    rows = []
    for line in metrics:
        points = list(zip(line["timestamps"], line["values"], strict=True))
        start = focus["t"] if focus else None
        before = [value for t, value in points if start is None or t < start]
        after = [value for t, value in points if start is not None and t >= start]
        rows.append(
            f"| {_cell(line['label'])} | {_cell(line['alarm'])} | {_threshold(line['threshold'])} | {_extent(before)} | {_extent(after)} |"
        )
    if not rows:
        return ""
    head = ["| metric | alarm | threshold | before | since |", "|---|---|---|---|---|"]
    return "\n".join(["## Metrics", "", *head, *rows])


def _threshold(value: float | None) -> str:
    """An alarm on an anomaly detection model has none: its band is two of the metrics."""
    return "band" if value is None else f"{value:g}"


def _extent(values: Sequence[float]) -> str:
    return f"{min(values):g} to {max(values):g} in {len(values)} periods" if values else "no data"


def _logs(lanes: Iterable[Mapping[str, Any]]) -> str:
    for lane in lanes:
        if lane["kind"] != "logs":
            continue
        groups = [f"- {_plain(each['name'])}: {_plain(each['reason'])}" for each in lane["groups"]]
        count = [f"{lane['total']} log events match `{lane['pattern']}`."] if lane["groups"] else []
        note = [_plain(lane["note"])] if lane["note"] else []
        return "\n".join(["## Log errors", "", *count, *groups, *note])
    return ""


def _at(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{milliseconds % 1000:03d}"


def _span(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _name(resource: Mapping[str, str]) -> str:
    return f"{resource['type']} {resource['id']}".strip()


def _value(value: Any) -> str:
    """A value as code in a cell; what is not there is a dash."""
    if value is None:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = text if len(text) <= _VALUE_CHARACTERS else text[: _VALUE_CHARACTERS - 1] + "…"
    return "`" + text.replace("`", "'").replace("|", "\\|").replace("\n", " ") + "`"


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text that stays text: names and reasons come from outside, and a report is shown as a page."""
    kept = " ".join(str(text).split())
    return _MARKUP.sub(r"\\\g<0>", kept)
