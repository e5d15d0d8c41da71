"""The sandbox's process: moto's WSGI application behind a small keep-alive HTTP/1.1 server on loopback.

Started by ``sandbox.Sandbox`` as ``python -m triptych.estate.sandbox_main [service ...]``. It binds a free port, prints
``READY <port>`` on stdout and serves until its stdin closes: the parent holds the other end of that pipe, so
the child ends with its parent, however that ended.

Werkzeug's own server closes every connection and shows tracebacks as pages; here connections stay open and a
reply that moto could not give is an empty one whose ``FAULT`` field says what went wrong (see
``moto_dialect``).
"""

from __future__ import annotations

import io
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from http.client import responses
from typing import Any, NoReturn

from moto.moto_server.werkzeug_app import (
    BackendRequest,
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import DechunkedInput, ThreadedWSGIServer

from triptych.estate.moto_dialect import FAULT
from triptych.kernel.ids import UPPER_ALNUM, Ids


class Request(BackendRequest):
    """moto's request, except that only a POST is ever a form.

    ``curl --data-binary @file <presigned URL>`` labels any PUT a form, and moto would store an empty object.
    """

    @property
    def want_form_data_parsed(self) -> bool:
        return self.method == "POST" and super().want_form_data_parsed


class Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher without its side doors.

    ``/moto-api/...`` resets the whole estate and ``/latest/meta-data`` imitates an instance: both are legal
    S3 paths, so neither may be reached by a path. Backends are built outside the lock of the common case.
    """

    def get_application(self, environ: dict[str, Any]) -> Any:
        host = self.infer_service_region_host(environ, environ["PATH_INFO"])
        return self.application(self.get_backend_for_host(host))

    def application(self, backend: Any) -> Any:
        if backend is None:
            raise NotImplementedError("no backend")
        app = self.app_instances.get(backend)
        if app is None:
            with self.lock:
                app = self.app_instances.get(backend) or self.create_app(backend)
                self.app_instances[backend] = app
        return app


def create_app(backend: Any) -> Any:
    """moto's Flask application of one backend: its defects leave it as exceptions, not as pages.

    A path that no route matches is an operation moto lacks. Double slashes are part of an S3 key.
    """
    if backend == "sts":
        _issue_real_sessions()
    app = create_backend_app(backend)
    app.request_class = Request
    app.raise_routing_exception = _no_route  # type: ignore[method-assign, assignment]
    app.url_map.merge_slashes = False
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def _issue_real_sessions() -> None:
    """Make GetSessionToken and GetFederationToken issue credentials: moto hands the same key to everybody."""
    from moto.sts.responses import TokenResponse  # noqa: PLC0415 - loaded only when STS is used
    from moto.sts.utils import random_session_token  # noqa: PLC0415

    ids = Ids()

    def issuing(action: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def answer(response: Any) -> Any:
            reply = action(response)
            reply.result["Credentials"] |= {
                "AccessKeyId": "ASIA" + ids.text(16, UPPER_ALNUM),
                "SecretAccessKey": ids.text(40),
                "SessionToken": random_session_token(),
            }
            return reply

        return answer

    for name in ("get_session_token", "get_federation_token"):
        setattr(TokenResponse, name, issuing(getattr(TokenResponse, name)))


def _no_route(request: Request) -> NoReturn:
    raise NotImplementedError(f"no route for {request.method} {request.path}")


class Body(io.BufferedIOBase):
    """A request body of known length on a connection that goes on after it.

    One that ends early raises ConnectionAbortedError: the gateway breaks off a body it found to be wrong, and
    moto must not keep what came so far as if it were the whole.
    """

    def __init__(self, source: io.BufferedIOBase, length: int) -> None:
        self._source = source
        self._left = length

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = self._source.read(wanted) if wanted else b""
        self._left -= len(data)
        if len(data) < wanted:
            raise ConnectionAbortedError(f"{self._left} bytes of the request body never came")
        return data

    def read1(self, size: int = -1) -> bytes:
        return self.read(size)


class Handler(MotoRequestHandler):
    """One connection: request after request until the client hangs up."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 1 << 16
    wbufsize = 1 << 16

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Said once already, by the gateway."""

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        body: Any = environ["wsgi.input"]
        if not isinstance(body, DechunkedInput):
            body = environ["wsgi.input"] = Body(self.rfile, int(self.headers.get("content-length") or 0))
            environ["wsgi.input_terminated"] = True  # werkzeug reads it to its end, in one piece
        status, headers, chunks = self.answer(environ)
        while body.read(1 << 16):
            pass  # what moto did not read stands before the next request
        self.send(status, headers, chunks)

    def answer(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        """moto's reply, or an empty one with a FAULT. moto builds its bodies whole, so they are taken whole."""
        head: list[Any] = []
        chunks: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[..., None]:
            head[:] = [status, headers]
            return chunks.append

        try:
            reply: Iterable[bytes] = self.server.app(environ, start_response)
            chunks.extend(reply)
            if close := getattr(reply, "close", None):
                close()
        except ConnectionError:
            raise
        except NotImplementedError as error:
            print(f"not implemented: {error}", file=sys.stderr, flush=True)  # noqa: T201
            return "501 Not Implemented", [(FAULT, "NotImplemented")], []
        except Exception as error:  # noqa: BLE001 - a defect of moto's must not end the connection
            traceback.print_exc()
            sys.stderr.flush()
            return "500 Internal Server Error", [(FAULT, type(error).__name__)], []
        return head[0], head[1], chunks

    def send(self, status: str, headers: list[tuple[str, str]], chunks: list[bytes]) -> None:
        code = int(status.split(maxsplit=1)[0])
        names = {name.lower() for name, _ in headers}
        lines = [f"HTTP/1.1 {code} {responses.get(code, 'Unknown')}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers if name.lower() != "connection"]
        bodiless = self.command == "HEAD" or code in {204, 304}
        if "content-length" not in names and code != 204:
            lines.append(f"content-length: {sum(map(len, chunks))}\r\n")
        lines.append("\r\n")
        self.wfile.write("".join(lines).encode("latin-1", "replace"))
        if not bodiless:
            for chunk in chunks:
                self.wfile.write(chunk)
        self.wfile.flush()


class Server(ThreadedWSGIServer):
    request_queue_size = 256


def end_with_parent() -> None:
    """Wait for the parent to close our stdin, or to die, and end at once: the sandbox has nothing to save."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def preload(dispatcher: Dispatcher, services: Sequence[str]) -> None:
    """Load services one after the other; the others are loaded on demand, as moto does."""
    for service in services:
        try:
            dispatcher.application(service)
        except Exception as error:  # noqa: BLE001 - a service that moto lacks is no reason to load no other
            print(f"{service} cannot be preloaded: {error!r}", file=sys.stderr, flush=True)  # noqa: T201


def main() -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()
    dispatcher = Dispatcher(create_app)
    server = Server("127.0.0.1", 0, dispatcher, Handler)
    os.environ["MOTO_PORT"] = str(server.port)  # read by moto's backends that call the server themselves
    sys.stdout.write(f"READY {server.port}\n")
    sys.stdout.flush()
    threading.Thread(target=preload, args=(dispatcher, sys.argv[1:]), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
