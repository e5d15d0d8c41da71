"""Parts are discovered: a folder is the list, one file is one part, and nobody registers anything."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def modules(package: ModuleType) -> list[ModuleType]:
    """The modules of a package in name order, imported; private ones (``_x``) left out."""
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def discover(package: ModuleType, name: str, contract: type[T]) -> list[T]:
    """The value called ``name`` in every module of ``package``; a module without it is a mistake, said at once."""
    parts = []
    for module in modules(package):
        part = getattr(module, name, None)
        if not isinstance(part, contract):
            raise TypeError(f"{module.__name__} must define {name}: {contract.__name__}")
        parts.append(part)
    return parts
