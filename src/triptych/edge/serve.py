"""The HTTP server: uvicorn on a socket we bound; in-flight requests are answered before it ends."""

from __future__ import annotations

import contextlib
import gc
import socket
from collections.abc import Iterator

import uvicorn

from triptych.edge.asgi import FrontDoor

DRAIN_SECONDS = 10
"""How long open requests may take to finish once the server is told to stop."""


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything else is started; raises OSError when somebody has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError:
        taken.close()
        raise
    return taken


_COLLECT_EVERY = 50_000
"""Containers made and not yet freed between looks at the youngest of them; a full PutMetricData makes 4,000."""


def settle_memory() -> None:
    """Tell the garbage collector that what starting made will stay.

    The service models alone are some hundred thousand objects. To walk them again and again, as Python does by
    default while requests in volume make new ones, took more time than reading the requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY, 20, 20)


class Server(uvicorn.Server):
    """uvicorn, told what to do by us: signals and logging are the caller's."""

    def __init__(self, app: FrontDoor) -> None:
        self._door = app
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                loop="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # who may claim an address for somebody else is not decided by a header
                timeout_keep_alive=75,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )

    def stop(self) -> None:
        """Stop accepting; ``serve`` returns when what is open has been answered."""
        self._door.stop()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
