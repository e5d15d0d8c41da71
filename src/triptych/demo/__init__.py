"""``triptych demo``: the closed loop once, seen from outside, through the AWS APIs alone.

Here: ``run`` (server or endpoint, live view or JSON), ``story`` (what is done and watched for), ``show`` (how it looks).
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from triptych.demo.show import live, summary
from triptych.demo.story import Hop, Story, StoryFailed
from triptych.testing.server import ServerFailed, running_server

__all__ = ["Hop", "Story", "StoryFailed", "run"]


def run(
    *, endpoint: str | None, access_key_id: str, secret_access_key: str, region: str, as_json: bool
) -> int:
    """Tell the story; 0 when every step happened, 1 with the reason otherwise."""
    console = Console(stderr=as_json)
    try:
        with _server(endpoint, console) as url:
            story = Story(
                url=url, access_key_id=access_key_id, secret_access_key=secret_access_key, region=region
            )
            console_link = story.console_link() if endpoint else ""
            hops = list(story.tell()) if as_json else live(console, story.tell())
    except (StoryFailed, ServerFailed) as error:
        console.print(f"[red]The demo failed:[/] {error}", highlight=False)
        if as_json:
            sys.stdout.write(json.dumps({"ok": False, "reason": str(error)}) + "\n")
        return 1
    if as_json:
        sys.stdout.write(
            json.dumps(
                {
                    "ok": True,
                    **story.result(),
                    "console": console_link or None,
                    "hops": [h.as_dict() for h in hops],
                },
                indent=2,
            )
            + "\n"
        )
    else:
        summary(console, story.result(), console_link)
    return 0


@contextlib.contextmanager
def _server(endpoint: str | None, console: Console) -> Iterator[str]:
    if endpoint is not None:
        yield endpoint.rstrip("/")
        return
    with tempfile.TemporaryDirectory(prefix="triptych-demo-") as folder:
        with console.status("Starting a server with its own sandbox estate ..."):
            running = running_server(Path(folder))
            server = running.__enter__()
        try:
            yield server.url
        finally:
            running.__exit__(None, None, None)
