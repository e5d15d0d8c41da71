"""Secrets at rest: sealed with one Fernet key, opened only in memory."""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from triptych.estate.credentials import Opened
from triptych.kernel import limits
from triptych.kernel.errors import Defect
from triptych.settings import Settings

__all__ = ["BadKey", "Vault", "open_vault"]


class BadKey(Exception):  # noqa: N818 - told to the operator at the start
    """The encryption key cannot be used; the message says where it came from and what to do."""


class Vault:
    """Seals and opens secrets, and remembers for a moment what it opened.

    The memory is what makes a request cheap: no store, no decryption. An entry lives for
    ``limits.CREDENTIALS_CACHE_SECONDS``, as another process may revoke the credential; ``forget`` drops one at
    once, and keeps it out as long, because the change that made it stale is usually not committed yet.
    """

    def __init__(self, key: str | bytes, *, capacity: int = limits.CREDENTIALS_CACHE) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise BadKey(
                "The encryption key is not a Fernet key (32 random bytes in URL-safe base64); `triptych init` makes one."
            ) from error
        self._capacity = capacity
        self._opened: OrderedDict[str, tuple[datetime, Opened | None]] = OrderedDict()

    def __repr__(self) -> str:
        return "Vault(…)"

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises Defect when the text was sealed with another key or changed since."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise Defect(
                "A stored secret cannot be opened: it was sealed with another encryption key, or was altered. "
                "Restore the key (settings.encryption_key or secret.key in the data directory)."
            ) from error

    def remembered(self, name: str, now: datetime) -> Opened | None:
        found = self._opened.get(name)
        if found is None or now >= found[0]:
            return None
        self._opened.move_to_end(name)
        return found[1]

    def remember(self, name: str, opened: Opened, now: datetime) -> None:
        found = self._opened.get(name)
        if found is not None and found[1] is None and now < found[0]:
            return  # forgotten a moment ago: what was read may be from before the change
        self._keep(name, opened, now)

    def forget(self, name: str, now: datetime) -> None:
        self._keep(name, None, now)

    def _keep(self, name: str, opened: Opened | None, now: datetime) -> None:
        self._opened[name] = (now + timedelta(seconds=limits.CREDENTIALS_CACHE_SECONDS), opened)
        self._opened.move_to_end(name)
        while len(self._opened) > self._capacity:
            self._opened.popitem(last=False)


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation: the key from the settings, else from ``secret.key``, made once.

    Raises BadKey for a malformed key or a key file that others may read.
    """
    if settings.encryption_key:
        return Vault(settings.encryption_key)
    path = settings.data_dir / "secret.key"
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise BadKey(f"{path} can be read by other users; make it private with: chmod 600 {path}")
    try:
        return Vault(path.read_bytes().strip())
    except BadKey as error:
        raise BadKey(f"{path}: {error}") from error


def _create(path: Path) -> None:
    """Write a new key where none is, whole or not at all; when two processes try, both use the winner's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, this never replaces a key that is already there
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink()
