"""Settings: file, then environment, then flags; wrong ones are refused by name."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from triptych.app import UnsafeSettings, check_exposure
from triptych.init import write
from triptych.settings import Settings, SettingsError, load


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "triptych.toml").write_text('port = 1\nregion = "eu-west-1"\n[estate]\ndefault = "aws"\n')
    settings = load(
        None,
        {"TRIPTYCH_PORT": "2", "TRIPTYCH_ESTATE__DEFAULT": "http://x", "OTHER": "x"},
        {"port": 3, "host": None},
    )
    assert (settings.port, settings.region, settings.estate.default, settings.host) == (
        3,
        "eu-west-1",
        "http://x",
        "127.0.0.1",
    )


def test_lists_stand_between_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, {"TRIPTYCH_HOSTNAMES": "a,b", "TRIPTYCH_ESTATE__PRELOAD": "s3,sqs"})
    assert (settings.hostnames, settings.estate.preload) == (("a", "b"), ("s3", "sqs"))
    assert load(None, {"TRIPTYCH_ESTATE__PRELOAD": ""}).estate.preload == ()


def test_defaults_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("prot = 1", "prot"),
        ('port = "many"', "port"),
        ("[estate]\nwhere = 1", "where"),
        ("port = ", "triptych.toml"),
        ('sync = "sometimes"', "sync"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, names: str) -> None:
    file = tmp_path / "triptych.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=names):
        load(file, {})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml", {})


def test_init_writes_settings_that_load(tmp_path: Path) -> None:
    file = tmp_path / "triptych.toml"
    key = write(file, force=False)
    settings = load(file, {})
    assert settings.root_access_key_id == key
    assert len(settings.root_secret_access_key) == 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    defaults = {
        k: v
        for k, v in tomllib.loads(file.read_text()).items()
        if not k.startswith("root_") and k != "encryption_key"
    }
    assert load(file, {}) == Settings(
        root_access_key_id=key,
        root_secret_access_key=settings.root_secret_access_key,
        encryption_key=settings.encryption_key,
    ), f"the example differs from the defaults: {defaults}"
    with pytest.raises(FileExistsError):
        write(file, force=False)
    assert write(file, force=True) != key


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_the_well_known_credential_stays_on_loopback(host: str) -> None:
    with pytest.raises(UnsafeSettings, match="test/test"):
        check_exposure(Settings(host=host))
    check_exposure(Settings(host=host, root_access_key_id="AKIAOWN", root_secret_access_key="own"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_fine(host: str) -> None:
    check_exposure(Settings(host=host))


def test_a_variable_of_the_installation_is_no_setting() -> None:
    assert load(None, {"TRIPTYCH_CONSOLE": "skip"}) == load(None, {})
