"""Requests signed by botocore, as they would come off the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import strategies as st

from triptych.wire.message import Headers, HttpRequest

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=="
HOST = "localhost:4566"

SIGNERS: dict[str, tuple[Any, str]] = {
    "header": (SigV4Auth, "sts"),
    "header-s3": (S3SigV4Auth, "s3"),
    "query": (SigV4QueryAuth, "sts"),
    "query-s3": (S3SigV4QueryAuth, "s3"),
}


def signed(
    form: str,
    *,
    method: str = "GET",
    target: str = "/",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    token: str = "",
    at: datetime = NOW,
    **options: Any,
) -> HttpRequest:
    """:param target: path and query, encoded as the client sends them."""
    signer, service = SIGNERS[form]
    request = AWSRequest(method, f"http://{HOST}{target}", data=b"" if "query" in form else body)
    for name, value in headers:
        request.headers.add_header(name, value)
    with patch("botocore.auth.get_current_datetime", lambda *a, **k: at.replace(tzinfo=None)):
        signer(Credentials(KEY, SECRET, token or None), service, "us-east-1", **options).add_auth(request)
    parts = urlsplit(request.url)
    fields = [("Host", HOST), *((name, _on_the_wire(value)) for name, value in request.headers.items())]
    return HttpRequest(method, parts.path, parts.query, Headers(fields), request.data or b"")


def _on_the_wire(value: str) -> str:
    """Clients that sign a value as UTF-8 send it as UTF-8, which reads as latin-1 on our side."""
    return str(value).encode().decode("latin-1")


_names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
_segments = st.one_of(
    st.sampled_from(["", ".", "..", "a", "a b", "ä", "%", "a/b", "+", "~", "a=b", "(x)", "*", "'", "@", ":"]),
    _names,
)


@st.composite
def targets(draw: st.DrawFn, *, plain_query: bool = False) -> str:
    """Paths and queries in the ways clients encode them: everything, or leaving some characters bare."""
    safe = draw(st.sampled_from(["", "~", "~+@:'()*!$", "+"]))
    path = "/" + "/".join(quote(s, safe=safe) for s in draw(st.lists(_segments, max_size=5)))
    pairs = draw(st.lists(st.tuples(_names, st.none() | _names), max_size=4, unique_by=lambda p: p[0]))
    if not plain_query and pairs:
        pairs += draw(st.lists(st.sampled_from(pairs), max_size=2))
    encoded = [quote(n, safe="") + ("" if v is None else f"={quote(v, safe='')}") for n, v in pairs]
    query = "&".join(e for e in encoded if e and not e.startswith("="))
    return f"{path}?{query}" if query else path


_values = st.lists(st.sampled_from(["a", "B", "a,b", '"q  q"', "ä", "=", ";"]), min_size=1, max_size=4)
headers = st.lists(
    st.tuples(
        st.sampled_from(["X-Amz-Meta-A", "x-amz-meta-b", "Content-Type", "X-Custom"]),
        st.builds(
            lambda words, gap: f" {gap.join(words)} ", _values, st.sampled_from([" ", "  ", "\t", " \t "])
        ),
    ),
    max_size=4,
).map(tuple)
