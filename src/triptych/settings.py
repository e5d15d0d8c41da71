"""One frozen Settings value: ``triptych.toml``, then ``TRIPTYCH_*`` variables, then flags."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often the background loops run, in seconds."""

    config_sweep_seconds: float = 60.0
    trail_delivery_seconds: float = 300.0
    lake_flush_seconds: float = 0.05


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
    sync: Literal["full", "normal"] = "full"
    """SQLite durability: ``full`` survives power loss, ``normal`` survives the process only."""
    log_json: bool = False
    log_level: str = "info"
    estate: Estate = Estate()
    intervals: Intervals = Intervals()
