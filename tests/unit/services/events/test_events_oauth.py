"""OAuth without a server: what asks for a token, and what is made of the answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from triptych.bus.post import Undelivered
from triptych.services.events.oauth import token_of, token_request

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CLIENT = {"ClientID": "me", "ClientSecret": "hush"}


def asked(method: str = "POST", **lists: list[dict[str, Any]]) -> Any:
    return token_request(
        {
            "ClientParameters": CLIENT,
            "AuthorizationEndpoint": "https://a.example/token",
            "HttpMethod": method,
            "OAuthHttpParameters": lists,
        }
    )


def test_a_form_with_basic_authentication() -> None:
    made = asked(BodyParameters=[{"Key": "scope", "Value": "a b"}])
    assert (made.url, made.body) == ("https://a.example/token", b"grant_type=client_credentials&scope=a+b")
    assert made.headers["Authorization"] == "Basic bWU6aHVzaA=="


def test_the_query_of_a_get() -> None:
    made = asked("GET", QueryStringParameters=[{"Key": "v", "Value": "1"}])
    assert (made.url, made.body) == ("https://a.example/token?grant_type=client_credentials&v=1", b"")


def test_json_and_a_secret_in_the_body_and_headers_of_ones_own() -> None:
    made = asked(
        HeaderParameters=[{"Key": "content-type", "Value": "application/json"}],
        BodyParameters=[{"Key": "client_secret", "Value": "hush", "IsValueSecret": True}],
    )
    assert made.body == b'{"grant_type":"client_credentials","client_secret":"hush"}'
    assert "Authorization" not in made.headers
    assert [name for name in made.headers if name.lower() == "content-type"] == ["content-type"]


@pytest.mark.parametrize(
    ("answer", "renewed_after"),
    [
        (b'{"access_token": "t", "expires_in": 3600}', timedelta(seconds=3540)),
        (b'{"access_token": "t", "expires_in": "100"}', timedelta(seconds=90)),
        (b'{"access_token": "t"}', timedelta(days=365) - timedelta(seconds=60)),
    ],
)
def test_a_token_is_renewed_before_it_expires(answer: bytes, renewed_after: timedelta) -> None:
    assert token_of(answer, NOW) == ("t", NOW + renewed_after)


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b'{"access_token": 5}', b'{"access_token": "a\\nb"}', b'{"access_token": "t", "expires_in": "soon"}',
     b'{"access_token": "t", "expires_in": 1e300}', b"<html>"],
)  # fmt: skip
def test_what_is_no_token(answer: bytes) -> None:
    with pytest.raises(Undelivered, match="gave no token"):
        token_of(answer, NOW)
