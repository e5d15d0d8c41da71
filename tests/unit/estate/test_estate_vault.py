"""Secrets at rest and the key they are sealed with."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from triptych.estate.credentials import Credential, Opened
from triptych.estate.vault import BadKey, Vault, open_vault
from triptych.kernel.context import Identity
from triptych.kernel.errors import Defect
from triptych.settings import Settings

ONE, TWO = b"A" * 43 + b"=", b"B" * 42 + b"A="
NOW = datetime(2026, 3, 4, tzinfo=UTC)


def opened(name: str) -> Opened:
    identity = Identity(kind="Root", account="1")
    return Opened(Credential(access_key_id=name, secret="", account="1", identity=identity), "s")


def test_what_is_sealed_opens_again_with_the_same_key_only() -> None:
    sealed = Vault(ONE).seal("sécret")
    assert "cret" not in sealed
    assert Vault(ONE).open(sealed) == "sécret"
    for other in (lambda: Vault(TWO).open(sealed), lambda: Vault(ONE).open(sealed[:-8] + "AAAAAA==")):
        with pytest.raises(Defect, match="another encryption key"):
            other()


@pytest.mark.parametrize("key", ["", "short", "A" * 44, "not base64 at all!"])
def test_a_bad_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(BadKey) as caught:
        Vault(key)
    assert not key or key not in str(caught.value)


def test_the_settings_key_needs_no_file(tmp_path: Path) -> None:
    open_vault(Settings(data_dir=tmp_path, encryption_key=ONE.decode()))
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    sealed = open_vault(settings).seal("x")
    assert open_vault(settings).open(sealed) == "x"
    (file,) = (tmp_path / "data").iterdir()
    assert file.name == "secret.key" and stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: open_vault(settings), range(16)))
    sealed = vaults[0].seal("x")
    assert {vault.open(sealed) for vault in vaults} == {"x"}
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    open_vault(settings)
    (tmp_path / "secret.key").chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        open_vault(settings)


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("oops")
    path.chmod(0o600)
    with pytest.raises(BadKey, match=r"secret\.key"):
        open_vault(Settings(data_dir=tmp_path))


def test_the_memory_is_bounded_and_drops_what_was_not_used() -> None:
    vault = Vault(ONE, capacity=2)
    for name in ("a", "b"):
        vault.remember(name, opened(name), NOW)
    assert vault.remembered("a", NOW) is not None
    vault.remember("c", opened("c"), NOW)
    assert [vault.remembered(name, NOW) is not None for name in "abc"] == [True, False, True]
