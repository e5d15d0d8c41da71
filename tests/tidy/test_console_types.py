"""The console's types of AWS operations are what botocore's models say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

WEB = Path(__file__).parents[2] / "web"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("console_gen", WEB / "gen.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_types_are_current() -> None:
    written = {path.name: path.read_text() for path in (WEB / "src" / "api" / "gen").glob("*.ts")}
    assert written == generator().generated(), "run `python web/gen.py`"
