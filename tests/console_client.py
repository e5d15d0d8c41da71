"""A browser as far as the server can tell: cookie, Origin, CSRF header; over a plain connection."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Browser:
    """One page of the console at ``port``; what a page would do, and what a forged one would when told."""

    port: int
    cookie: str = ""
    csrf: str = ""
    region: str = "us-east-1"
    origin: str = field(default="")

    def __post_init__(self) -> None:
        self.origin = self.origin or f"http://127.0.0.1:{self.port}"

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, {k: v for k, v in (headers or {}).items() if v})
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers, reply.read())

    def headers(self, **changed: str) -> dict[str, str]:
        """What a page's fetch carries; ``csrf=""`` leaves a field out."""
        fields = {
            "cookie": f"triptych_session={self.cookie}" if self.cookie else "",
            "origin": self.origin,
            "x-triptych-csrf": self.csrf,
            "x-triptych-region": self.region,
        }
        named = {"csrf": "x-triptych-csrf", "region": "x-triptych-region", "content_type": "content-type"}
        return fields | {named.get(name, name): value for name, value in changed.items()}

    def sign_in(self, key: str = "test", secret: str = "test", token: str = "") -> Answer:
        given = {"accessKeyId": key, "secretAccessKey": secret} | ({"sessionToken": token} if token else {})
        answer = self.api("POST", "session", given)
        if answer.status == 200:
            self.cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
            self.csrf = answer.json["csrf"]
        return answer

    def api(self, method: str, path: str, content: Any = None, **changed: str) -> Answer:
        kind = {"content-type": "application/json"} if method == "POST" else {}
        body = json.dumps(content or {}).encode() if method == "POST" else None
        return self.send(
            method, f"/console/api/{path}", body, self.headers() | kind | self.headers(**changed)
        )

    def aws_headers(self, target: str, **changed: str) -> dict[str, str]:
        kind = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        return self.headers() | kind | self.headers(**changed)

    def aws(self, target: str, params: dict[str, Any] | None = None, **changed: str) -> Answer:
        return self.send("POST", "/", json.dumps(params or {}).encode(), self.aws_headers(target, **changed))
