"""Connections: how API destinations prove who calls. Secrets are sealed by the vault and never told again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from triptych.control.collection import Collection
from triptych.estate.vault import open_vault
from triptych.kernel.arn import arn
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.contract import Ctx, operation
from triptych.services.events.documents import missing, page_of, validation, with_token

__all__ = [
    "AUTHORIZE",
    "CONNECTIONS",
    "TOKENS",
    "Connection",
    "Token",
    "check_endpoint",
    "find_connection",
    "secrets_of",
]

_MOST = 3000
"""Connections of one account in one region (EventBridge quota)."""
_KINDS: Mapping[str, str] = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}
_SECRET_MEMBERS = frozenset({"Password", "ApiKeyValue", "ClientSecret"})
_NEEDED: Mapping[str, frozenset[str]] = {
    "BASIC": frozenset({"Username", "Password"}),
    "API_KEY": frozenset({"ApiKeyName", "ApiKeyValue"}),
    "OAUTH_CLIENT_CREDENTIALS": frozenset({"ClientParameters", "AuthorizationEndpoint", "HttpMethod"}),
}
AUTHORIZE = "events.authorize"
"""The kind of the job that fetches a connection's first token (``oauth``)."""


Kind = Literal["BASIC", "API_KEY", "OAUTH_CLIENT_CREDENTIALS"]


class Connection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param sealed: AuthParameters as they were given, as JSON, sealed by the vault; empty: deauthorized.
    :param pending: OAuth's first token is being fetched. :param trouble: why it could not be.
    """

    name: str
    id: str
    account: str
    region: str
    kind: Kind
    sealed: str
    created: datetime
    modified: datetime
    description: str = ""
    pending: bool = False
    trouble: str = ""

    @property
    def arn(self) -> str:
        return arn("events", self.region, self.account, f"connection/{self.name}/{self.id}")

    @property
    def state(self) -> Literal["AUTHORIZED", "AUTHORIZING", "DEAUTHORIZED"]:
        if not self.sealed or self.trouble:
            return "DEAUTHORIZED"
        return "AUTHORIZING" if self.pending else "AUTHORIZED"


CONNECTIONS = Collection(name="events.connections", type=Connection)
"""By name."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """:param sealed: the access token, sealed by the vault. :param of: ``modified`` of the connection it is for."""

    sealed: str
    renew: datetime
    of: datetime


TOKENS = Collection(name="events.oauth_tokens", type=Token)
"""By the connection's id."""


async def find_connection(ctx: Ctx, name: str) -> Connection:
    found = await ctx.unit.get(CONNECTIONS, name, account=ctx.account, region=ctx.region)
    if found is None:
        raise missing(f"Connection '{name}' does not exist.")
    return found


def secrets_of(ctx: Ctx, connection: Connection) -> dict[str, Any]:
    """AuthParameters as they were given; empty when the connection was deauthorized."""
    if not connection.sealed:
        return {}
    opened: dict[str, Any] = msgspec.json.decode(open_vault(ctx.runtime.settings).open(connection.sealed))
    return opened


def _check_parameters(kind: Kind, parameters: Mapping[str, Any]) -> None:
    if parameters.get("ConnectivityParameters"):
        raise unbuilt("private connections")
    given = [member for member in _KINDS.values() if parameters.get(member)]
    if given != [_KINDS[kind]]:
        raise validation(f"Authorization parameters for {kind} must be {_KINDS[kind]}, and nothing else.")
    own = parameters[_KINDS[kind]]
    lacking = sorted(_NEEDED[kind] - set(own))
    client = own.get("ClientParameters") or {}
    lacking += (
        sorted({"ClientID", "ClientSecret"} - set(client)) if kind == "OAUTH_CLIENT_CREDENTIALS" else []
    )
    if lacking:
        raise validation(f"{_KINDS[kind]} lacks {', '.join(lacking)}.")
    if kind == "OAUTH_CLIENT_CREDENTIALS":
        check_endpoint("AuthorizationEndpoint", own["AuthorizationEndpoint"])


def check_endpoint(member: str, text: str) -> None:
    # EventBridge takes https only; an estate of one's own has endpoints without certificates.
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise validation(f"Parameter {member} is not valid. Reason: {text} is no HTTP(S) URL.")


def _sealed(ctx: Ctx, parameters: Mapping[str, Any]) -> str:
    return open_vault(ctx.runtime.settings).seal(msgspec.json.encode(parameters).decode())


def _answer(connection: Connection) -> dict[str, Any]:
    return {
        "ConnectionArn": connection.arn,
        "ConnectionState": connection.state,
        "CreationTime": connection.created,
        "LastModifiedTime": connection.modified,
        "LastAuthorizedTime": connection.modified,
    }


@operation
async def create_connection(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A connection, authorized at once, with OAuth as soon as there is a token.

    Partly: private connections and KMS keys are refused.
    """
    name, kind = params["Name"], params["AuthorizationType"]
    _refuse(params)
    _check_parameters(kind, params["AuthParameters"])
    if await ctx.unit.get(CONNECTIONS, name, account=ctx.account, region=ctx.region):
        raise ServiceError("ResourceAlreadyExistsException", f"Connection {name} already exists.")
    if len(await ctx.unit.list(CONNECTIONS, account=ctx.account, region=ctx.region)) >= _MOST:
        raise ServiceError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    connection = Connection(
        name=name,
        id=ctx.ids.uuid(),
        account=ctx.account,
        region=ctx.region,
        kind=kind,
        sealed=_sealed(ctx, params["AuthParameters"]),
        created=ctx.now,
        modified=ctx.now,
        description=params.get("Description") or "",
        pending=kind == "OAUTH_CLIENT_CREDENTIALS",
    )
    _authorize(ctx, connection)
    ctx.unit.create(CONNECTIONS, name, connection, account=ctx.account, region=ctx.region)
    return _without(_answer(connection), "LastAuthorizedTime")


def _authorize(ctx: Ctx, connection: Connection) -> None:
    if connection.pending:
        ctx.job(AUTHORIZE, {"connection": connection.name, "id": connection.id}, key=connection.id)


def _refuse(params: Mapping[str, Any]) -> None:
    for member in ("KmsKeyIdentifier", "InvocationConnectivityParameters"):
        if params.get(member):
            raise unbuilt(f"{member} of connections")


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


@operation
async def update_connection(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given, and fetch a new token where there are any. Partly: as CreateConnection."""
    _refuse(params)
    connection = await find_connection(ctx, params["Name"])
    kind: Kind = params.get("AuthorizationType") or connection.kind
    sealed, given = connection.sealed, params.get("AuthParameters")
    if given:
        known = secrets_of(ctx, connection) if kind == connection.kind else {}
        wanted = dict(given) | {m: _merged(known.get(m), given[m]) for m in _KINDS.values() if given.get(m)}
        _check_parameters(kind, wanted)
        sealed = _sealed(ctx, wanted)
    elif kind != connection.kind:
        raise validation("AuthParameters must be given with another AuthorizationType.")
    changed = msgspec.structs.replace(
        connection,
        kind=kind,
        sealed=sealed,
        modified=ctx.now,
        description=params.get("Description", connection.description),
        pending=bool(sealed) and kind == "OAUTH_CLIENT_CREDENTIALS",
        trouble="",
    )
    _authorize(ctx, changed)
    ctx.unit.put(CONNECTIONS, connection.name, changed, account=ctx.account, region=ctx.region)
    return _answer(changed)


def _merged(known: Any, given: Any) -> Any:
    """What is given over what was known, member by member; lists are given whole."""
    if not isinstance(known, dict) or not isinstance(given, dict):
        return given
    return known | {name: _merged(known.get(name), value) for name, value in given.items()}


@operation
async def deauthorize_connection(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Forget the secrets; what uses the connection fails until it is updated with others."""
    connection = await find_connection(ctx, params["Name"])
    changed = msgspec.structs.replace(connection, sealed="", modified=ctx.now, pending=False)
    ctx.unit.put(CONNECTIONS, connection.name, changed, account=ctx.account, region=ctx.region)
    ctx.unit.delete(TOKENS, connection.id, account=ctx.account, region=ctx.region)
    return _answer(changed)


@operation
async def delete_connection(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Gone, with its secrets."""
    connection = await find_connection(ctx, params["Name"])
    ctx.unit.delete(CONNECTIONS, connection.name, account=ctx.account, region=ctx.region)
    ctx.unit.delete(TOKENS, connection.id, account=ctx.account, region=ctx.region)
    return _answer(connection) | {"ConnectionState": "DELETING"}


@operation
async def describe_connection(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A connection without its secrets."""
    connection = await find_connection(ctx, params["Name"])
    described = _answer(connection) | {
        "Name": connection.name,
        "AuthorizationType": connection.kind,
        "AuthParameters": _public(secrets_of(ctx, connection)),
    }
    more = {"Description": connection.description, "StateReason": connection.trouble}
    return described | {name: text for name, text in more.items() if text}


def _public(value: Any) -> Any:
    """The same without what is secret: passwords, keys, and values marked so."""
    if isinstance(value, dict):
        hidden = _SECRET_MEMBERS | ({"Value"} if value.get("IsValueSecret") else set())
        return {name: _public(each) for name, each in value.items() if name not in hidden}
    return [_public(each) for each in value] if isinstance(value, list) else value


@operation
async def list_connections(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Connections by name."""
    prefix, state = params.get("NamePrefix") or "", params.get("ConnectionState")
    stored = await ctx.unit.list(CONNECTIONS, account=ctx.account, region=ctx.region, prefix=prefix)
    found = [document.value for document in stored if state in (None, document.value.state)]
    page, token = page_of(f"ListConnections/{prefix}/{state}", found, params)
    entries = [_answer(each) | {"Name": each.name, "AuthorizationType": each.kind} for each in page]
    return with_token({"Connections": entries}, token)
