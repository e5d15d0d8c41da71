"""Sessions: an access key shown once, a cookie from then on. The browser never keeps a secret key.

A session's cookie is random and kept as a hash. Every request asks again whom the access key stands for: a key that
is switched off, deleted or expired, or whose secret is another by now, ends its sessions. A request that may change
something has to carry the session's CSRF token, which only a page that could read our answer knows, and the Origin the
session was begun from.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
import structlog

from triptych.console.origin import check_origin, forged, is_named, origin_of_sign_in
from triptych.console.tries import Tries
from triptych.control.collection import Collection
from triptych.control.store import ControlStore, Unit
from triptych.edge.sessions import CSRF_HEADER
from triptych.estate import identities
from triptych.estate.vault import Vault
from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import ApiCall, Fact
from triptych.kernel.ids import Ids
from triptych.services.cloudtrail import sign_in
from triptych.settings import Settings
from triptych.wire.message import HttpRequest

__all__ = [
    "COOKIE",
    "SESSIONS",
    "Credentials",
    "Opened",
    "Session",
    "SessionStore",
    "cookie",
    "no_cookie",
    "purge",
]

log = structlog.get_logger()

COOKIE = "triptych_session"
_TOKEN_CHARACTERS = 43
"""Of 62 each: 256 bits."""
_TOKEN = re.compile(rf"[A-Za-z0-9]{{{_TOKEN_CHARACTERS}}}")
_WELL_KNOWN_SECRET = "test"  # noqa: S105 - loopback only


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A session as it is stored, under the SHA-256 of its token.

    :param origin: of the pages it belongs to, ``https://console.example.com``.
    :param binding: HMAC of the access key's secret under the token: another secret, and the session is over.
    :param sealed_token: the session token of temporary credentials, sealed by the vault; upstreams want it.
    """

    access_key_id: str
    origin: str
    created: datetime
    expires: datetime
    binding: str
    sealed_token: str = ""


SESSIONS = Collection(
    name="console.sessions",
    type=Session,
    scope="global",
    indexes={"key": lambda s: s.access_key_id, "expiry": lambda s: f"{s.expires:%Y-%m-%d}"},
)


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What somebody signs in with."""

    access_key_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    secret_access_key: Annotated[str, msgspec.Meta(max_length=1024)]
    session_token: Annotated[str, msgspec.Meta(max_length=16_384)] = ""

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with its token, which only its owner's cookie holds."""

    session: Session
    resolved: identities.Resolved
    token: str = field(repr=False)

    @property
    def csrf(self) -> str:
        """Follows from the token, so that nothing more has to be kept; tells nothing about it."""
        return _mac(self.token, "csrf", "")


class SessionStore:
    """``edge.sessions.Sessions``: begins, finds and ends sessions."""

    def __init__(
        self, *, settings: Settings, control: ControlStore, vault: Vault, clock: Clock, ids: Ids
    ) -> None:
        self._settings = settings
        self._control = control
        self._vault = vault
        self._clock = clock
        self._ids = ids
        self._tries = Tries(clock)

    async def begin(self, request: HttpRequest, address: str, given: Credentials) -> Opened:
        """Sign in: a new session, whatever cookie came along (that one's ends). Raises ServiceError."""
        origin = origin_of_sign_in(request)
        mark = self._tries.begin(address, given.access_key_id)
        try:
            resolved = await self._resolve(given)
            try:
                self._check(request, given, resolved)
            except ServiceError as error:
                unit = self._control.unit()
                unit.fact(self._told(request, address, origin, resolved, error))
                await unit.commit()
                raise
        except ServiceError as error:
            # Without the access key id: what is typed there by mistake is often the secret.
            log.warning("console_sign_in_refused", source=address, code=error.code)
            raise
        self._tries.succeeded(address, given.access_key_id, mark)
        opened = self._new(origin, given, resolved)
        unit = self._control.unit()
        await self._make_room(unit, given.access_key_id)
        if before := _token_of(request):
            unit.delete(SESSIONS, _hash(before))
        unit.create(SESSIONS, _hash(opened.token), opened.session)
        unit.fact(self._told(request, address, origin, resolved))
        await unit.commit()
        log.info("console_signed_in", arn=resolved.identity.arn, source=address)
        return opened

    async def _resolve(self, given: Credentials) -> identities.Resolved:
        try:
            return await identities.resolve(
                self._control.unit(),
                self._vault,
                self._settings,
                given.access_key_id,
                given.session_token,
                self._clock.now(),
            )
        except identities.ExpiredToken as error:
            raise ServiceError(
                "ExpiredToken", "These temporary credentials have expired.", status=403
            ) from error
        except identities.Unresolved as error:
            message = "No active access key has this id, or the session token is not its own."
            raise ServiceError("InvalidClientTokenId", message, status=403) from error

    def _check(self, request: HttpRequest, given: Credentials, resolved: identities.Resolved) -> None:
        if not _same(resolved.secret, given.secret_access_key):
            raise ServiceError(
                "SignatureDoesNotMatch",
                "The secret access key is not the one of this access key id.",
                status=403,
            )
        if _same(resolved.secret, _WELL_KNOWN_SECRET) and not is_named(
            request.host, self._settings.hostnames
        ):
            # Otherwise any web page whose name is made to point at 127.0.0.1 could sign in.
            raise forged(
                f"The default credential signs in only at an address or under {', '.join(self._settings.hostnames)} "
                "(settings: hostnames)."
            )

    def _told(
        self,
        request: HttpRequest,
        address: str,
        origin: str,
        resolved: identities.Resolved,
        error: ServiceError | None = None,
    ) -> Fact:
        """The sign-in as CloudTrail records it: whose key it was, never with which."""
        who = msgspec.structs.replace(resolved.identity, access_key_id="")
        call = ApiCall(
            service=sign_in.SERVICE,
            operation=sign_in.OPERATION,
            event_source="signin.amazonaws.com",
            api_version="",
            request_id="",
            identity=who,
            source_ip=address,
            user_agent=request.headers.get("user-agent"),
            host=request.host,
            read_only=False,
            status=error.status if error else 200,
            parameters={"LoginTo": f"{origin}/console/"},
            error_code=error.code if error else "",
            error_message=error.message if error else "",
        )
        return Fact(
            id=self._ids.uuid(),
            kind="ApiCall",
            account=resolved.account,
            region=self._settings.region,
            time=self._clock.now(),
            subject=f"{sign_in.SERVICE}:{sign_in.OPERATION}",
            body=msgspec.to_builtins(call),
        )

    def _new(self, origin: str, given: Credentials, resolved: identities.Resolved) -> Opened:
        token = self._ids.text(_TOKEN_CHARACTERS)
        now = self._clock.now()
        ends = now + timedelta(seconds=limits.CONSOLE_SESSION_SECONDS)
        session = Session(
            access_key_id=given.access_key_id,
            origin=origin,
            created=now,
            expires=ends if resolved.expires is None else min(ends, resolved.expires),
            binding=_mac(token, "secret", resolved.secret),
            sealed_token=self._vault.seal(given.session_token) if given.session_token else "",
        )
        return Opened(session, resolved, token)

    async def _make_room(self, unit: Unit, access_key_id: str) -> None:
        """The oldest sessions of a key that has very many give way."""
        sessions = await unit.list(SESSIONS, index=("key", access_key_id))
        sessions.sort(key=lambda document: document.value.created)
        for document in sessions[: len(sessions) - limits.CONSOLE_SESSIONS_OF_KEY + 1]:
            unit.delete(SESSIONS, document.key)

    def claimed(self, request: HttpRequest) -> bool:
        """See ``Sessions.claimed``."""
        return f"{COOKIE}=" in "; ".join(request.headers.all("cookie"))

    async def admit(self, request: HttpRequest, *, acting: bool) -> identities.Resolved:
        """See ``Sessions.admit``."""
        return (await self.find(request, acting=acting)).resolved

    async def find(self, request: HttpRequest, *, acting: bool) -> Opened:
        """The request's session, if it is one and the request came from its pages. Raises ServiceError."""
        token = _token_of(request)
        session = await self._control.unit().get(SESSIONS, _hash(token)) if token else None
        if session is None or self._clock.now() >= session.expires:
            raise _over()
        check_origin(request, session.origin, required=acting)
        opened = Opened(session, await self._still(token, session), token)
        if acting:
            shown = request.headers.all(CSRF_HEADER)
            if len(shown) != 1 or not _same(shown[0], opened.csrf):
                raise forged(
                    f"The header {CSRF_HEADER} must be the session's token (GET /console/api/session)."
                )
        return opened

    async def _still(self, token: str, session: Session) -> identities.Resolved:
        """Whom the session's key stands for now."""
        try:
            resolved = await identities.resolve(
                self._control.unit(),
                self._vault,
                self._settings,
                session.access_key_id,
                self._vault.open(session.sealed_token) if session.sealed_token else "",
                self._clock.now(),
            )
        except identities.Unresolved as error:
            raise _over() from error
        if not _same(session.binding, _mac(token, "secret", resolved.secret)):
            raise _over()
        return resolved

    async def end(self, request: HttpRequest) -> Session:
        """Sign out: the session is gone for everybody who has its cookie. Raises ServiceError for forgeries."""
        opened = await self.find(request, acting=True)
        unit = self._control.unit()
        unit.delete(SESSIONS, _hash(opened.token))
        await unit.commit()
        return opened.session


async def purge(unit: Unit, now: datetime, *, days: int = 3) -> int:
    """Stage the deletion of sessions that ended on one of the last days; returns how many. Run at least once in them."""
    gone = 0
    for back in range(1, days + 1):
        for document in await unit.list(SESSIONS, index=("expiry", f"{now - timedelta(days=back):%Y-%m-%d}")):
            unit.delete(SESSIONS, document.key)
            gone += 1
    return gone


def cookie(opened: Opened, now: datetime) -> str:
    """The Set-Cookie that hands a session over: for our pages only, never for scripts, over TLS where there is any."""
    seconds = max(0, int((opened.session.expires - now).total_seconds()))
    secure = "; Secure" if opened.session.origin.startswith("https:") else ""
    return f"{COOKIE}={opened.token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"


def no_cookie(session: Session) -> str:
    """The Set-Cookie that takes it away."""
    secure = "; Secure" if session.origin.startswith("https:") else ""
    return f"{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}"


def _token_of(request: HttpRequest) -> str:
    """The session cookie's value; empty without one, and with two: a site next door may have planted the other."""
    pairs = (pair.strip() for line in request.headers.all("cookie") for pair in line.split(";"))
    found = [pair.partition("=")[2] for pair in pairs if pair.startswith(f"{COOKIE}=")]
    return found[0] if len(found) == 1 and _TOKEN.fullmatch(found[0]) else ""


def _over() -> ServiceError:
    return ServiceError("ExpiredTokenException", "The console session has ended. Sign in again.", status=401)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(token: str, purpose: str, text: str) -> str:
    digest = hmac.digest(token.encode(), f"{purpose}:{text}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _same(one: str, other: str) -> bool:
    """In constant time, whatever the lengths."""
    return hmac.compare_digest(hashlib.sha256(one.encode()).digest(), hashlib.sha256(other.encode()).digest())
