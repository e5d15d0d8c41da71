"""One frozen Settings value: ``triptych.toml``, then ``TRIPTYCH_*`` variables, then flags."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec


class Estate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the services that are not ours live.

    ``default`` and the values of ``services`` are ``sandbox`` (the embedded moto server) or a URL
    (``https://s3.internal:9000``); ``aws`` means the real regional endpoint.
    """

    default: str = "sandbox"
    services: dict[str, str] = {}
    access_key_id: str = ""
    """Credentials to re-sign with for upstreams that verify; empty: pass the caller's own signature where possible."""
    secret_access_key: str = ""
    timeout_seconds: float = 10.0
    """How long an upstream may stay silent before the caller gets a 503."""
    connect_timeout_seconds: float = 3.0
    preload: tuple[str, ...] = ("s3", "iam", "sts", "ec2")
    """Services the sandbox loads as it starts. EC2's takes a second of CPU, during which all calls suffer, and the
    first sweep of a recorder would ask for it at a worse moment. The others are loaded when they are first called."""


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often the background loops run, in seconds."""

    config_sweep_seconds: float = 60.0
    trail_delivery_seconds: float = 300.0
    lake_flush_seconds: float = 0.05
    logs_removal_seconds: float = 60.0
    logs_retention_seconds: float = 3600.0
    live_tail_seconds: float = 0.2
    """How often a live tail looks for new events."""


class Smtp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mail server that SNS's email subscriptions are sent through; without ``host`` there are none."""

    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``tls`` encrypts from the first byte (port 465); a password is never sent over ``none`` beyond loopback."""
    username: str = ""
    password: str = ""
    from_address: str = ""
    """Who the mails are from."""
    timeout_seconds: float = 30.0


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: int = 4566
    data_dir: Path = Path("triptych-data")
    region: str = "us-east-1"
    account: str = "000000000000"
    """The account of the root credential."""
    root_access_key_id: str = "test"
    root_secret_access_key: str = "test"  # noqa: S105 - refused beyond loopback
    encryption_key: str = ""
    """Base64 Fernet key for secrets at rest; empty: made once and kept in ``<data_dir>/secret.key`` (0600)."""
    hostnames: tuple[str, ...] = ("localhost", "localhost.localdomain")
    """Names this server answers to; ``<bucket>.s3.<hostname>`` and ``<bucket>.<hostname>`` address S3 buckets."""
    control_url: str = ""
    """SQLAlchemy URL of the control store; empty: SQLite in ``<data_dir>/control.db``."""
    lake_url: str = ""
    """``https://user:password@host:8443/database`` of a ClickHouse server; empty: chDB in ``<data_dir>/lake``."""
    lake_cache_bytes: int = 0
    """How much of what was read chDB keeps unpacked in memory; a server has its own. 0: nothing."""
    sync: Literal["full", "normal"] = "full"
    """SQLite durability: ``full`` survives power loss, ``normal`` survives the process only."""
    log_index: bool = False
    """Whether the messages of log events are indexed: rare words are found in a tenth of the time, and every line put
    costs about twice the CPU, by and by, when the engine merges (``docs/benchmarks.md``)."""
    log_json: bool = False
    log_level: str = "info"
    estate: Estate = Estate()
    intervals: Intervals = Intervals()
    smtp: Smtp = Smtp()


class SettingsError(ValueError):
    """A setting that cannot be; says which and why."""


def load(
    file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any] | None = None
) -> Settings:
    """Settings from a file, then ``TRIPTYCH_<NAME>`` variables, then flags (None: not given).

    ``TRIPTYCH_ESTATE__DEFAULT`` reaches into a table. A file named explicitly must exist; a ``triptych.toml``
    in the working directory is read if it is there. Raises SettingsError.
    """
    values: dict[str, Any] = {}
    chosen = file or Path("triptych.toml")
    if file is not None or chosen.exists():
        try:
            values = tomllib.loads(chosen.read_text())
        except OSError as error:
            raise SettingsError(f"{chosen}: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{chosen}: {error}") from error
    for name, text in environment.items():
        if name.startswith(_PREFIX) and name not in _OF_THE_BUILD:
            _place(values, name.removeprefix(_PREFIX).lower().split("__"), text)
    values.update({name: value for name, value in (flags or {}).items() if value is not None})
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise SettingsError(str(error)) from error


_PREFIX = "TRIPTYCH_"
_OF_THE_BUILD = frozenset({"TRIPTYCH_CONSOLE"})
"""Variables of the same prefix that say how Triptych is installed; they may still be set when it runs."""
_LISTS = frozenset({("hostnames",), ("estate", "preload")})
"""Settings with several values, which stand between commas in a variable."""


def _place(values: dict[str, Any], path: list[str], text: str) -> None:
    for name in path[:-1]:
        values = values.setdefault(name, {})
    values[path[-1]] = tuple(filter(None, text.split(","))) if tuple(path) in _LISTS else text


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value).expanduser()
    raise NotImplementedError(kind)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "localhost.localdomain")
