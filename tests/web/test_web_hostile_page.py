"""A page of another port of the same host: to a browser the same site, cookies included; to us a stranger."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

TRIES = """
async ([target, rule]) => {
  const call = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutRule' };
  const attempts = {
    read: ['/console/api/session', {}],
    unread: ['/console/api/session', { mode: 'no-cors' }],
    call: ['/', { method: 'POST', headers: { ...call, 'x-triptych-csrf': 'guess' }, body: rule }],
    simple: ['/', { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: rule }],
    signOut: ['/console/api/session', { method: 'DELETE' }],
  };
  const seen = {};
  for (const [name, [path, init]] of Object.entries(attempts)) {
    try {
      seen[name] = (await fetch(target + path, { credentials: 'include', ...init })).type;
    } catch {
      seen[name] = 'refused';
    }
  }
  return seen;
}
"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>harmless")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_reads_nothing_and_changes_nothing(browse, seeded, elsewhere: str) -> None:
    console = browse("/settings", "Settings")
    stranger = console.page.context.new_page()
    stranger.goto(elsewhere)
    rule = json.dumps({"Name": "planted", "ScheduleExpression": "rate(1 day)"})
    seen = stranger.evaluate(TRIES, [seeded.url, rule])
    assert {seen["read"], seen["call"], seen["signOut"]} == {"refused"}
    assert {seen["unread"], seen["simple"]} <= {"refused", "opaque"}
    assert seeded.client("events").list_rules(NamePrefix="planted")["Rules"] == []
    stranger.close()
    kept = console.page.context.request.get(f"{seeded.url}/console/api/session")
    assert kept.status == 200, "nobody was signed out"
