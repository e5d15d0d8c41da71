"""How the story looks in a terminal: a timeline that grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from triptych.demo.story import Chapter, Hop

COLOURS: dict[Chapter, str] = {
    "prepare": "bright_black",
    "incident": "red",
    "audit": "cyan",
    "configuration": "magenta",
    "compliance": "yellow",
    "remediation": "blue",
    "alarm": "bright_red",
    "delivery": "bright_cyan",
    "story": "green",
}


def live(console: Console, hops: Iterator[Hop]) -> list[Hop]:
    """Show hops as they come and return them all."""
    seen: list[Hop] = []
    with Live(_timeline(seen, waiting=True), console=console, refresh_per_second=12, transient=False) as view:
        for hop in hops:
            seen.append(hop)
            view.update(_timeline(seen, waiting=True))
        view.update(_timeline(seen, waiting=False))
    return seen


def _timeline(hops: list[Hop], *, waiting: bool) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="bold", no_wrap=True, min_width=8)
    table.add_column(no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for hop in hops:
        when = "" if hop.milliseconds is None else f"+{hop.milliseconds:.0f} ms"
        table.add_row(when, Text(f"● {hop.chapter}", style=COLOURS[hop.chapter]), hop.title, hop.detail)
        for line in hop.lines:
            table.add_row("", "", "", Text(line, style="bright_black", overflow="ellipsis", no_wrap=True))
    return Group(table, Spinner("dots", style="bright_black")) if waiting else table


def summary(console: Console, result: dict[str, Any], link: str = "") -> None:
    """The chain of causes as a tree (reads only counted), the one number that matters, and where to look at it."""
    depth: dict[str, int] = {}
    lines, reads = [], 0
    for event in result["chain"]:
        depth[event["id"]] = depth.get(event["cause"], -1) + 1
        if event["kind"] == "ApiCall" and event["body"]["read_only"]:
            reads += 1
            continue
        lines.append(
            Text(f"{'  ' * depth[event['id']]}{event['summary']}", overflow="ellipsis", no_wrap=True)
        )
    lines.append(Text(f"and {reads} calls that only read", style="bright_black"))
    console.print()
    console.print(
        Panel(Group(*lines), title="what followed from the slip, by cause", title_align="left", expand=False)
    )
    console.print(
        f"[green bold]{result['bucket']} was encrypted again {result['seconds_to_repair']} s after the slip.[/]",
        highlight=False,
    )
    console.print(
        f"The incident in the console: {link}"
        if link
        else "To look at it in the console: `triptych up`, then `triptych demo --endpoint http://127.0.0.1:4566`.",
        highlight=False,
        soft_wrap=True,
    )
