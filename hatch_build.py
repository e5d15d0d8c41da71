"""Builds the web console into every wheel and source distribution; see web/build.py.

``TRIPTYCH_CONSOLE=skip`` leaves it out, and the server then shows a page that says so. Editable installs are not built
either: ``make console`` does. Anything else fails loudly, as a server that silently has no console is worse.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Found by hatchling as the project's custom hook."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from the package index, when it is needed and the machine has none."""
        build = self._build()
        if self._skipped() or build.is_fresh() or build.node() is not None:
            return []
        return [build.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self._skipped() or version == "editable":
            return
        build = self._build()
        try:
            if build.build():
                self.app.display_info("The console was built.")
        except build.BuildFailed as error:
            raise RuntimeError(f"The console could not be built. {error}") from error
        build_data["artifacts"].append("/src/triptych/_console/**")

    @staticmethod
    def _skipped() -> bool:
        return os.environ.get("TRIPTYCH_CONSOLE", "") == "skip"

    def _build(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location(
            "triptych_console_build", Path(self.root) / "web" / "build.py"
        )
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
