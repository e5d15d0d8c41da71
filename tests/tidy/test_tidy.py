"""The house rules that a tool can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "triptych").rglob("*.py"))
OUTSIDE = ("demo/", "testing/server.py", "estate/sandbox_main.py")
"""Clients and child processes: they live in real time."""

AMBIENT = {
    ("datetime", "now"), ("datetime", "utcnow"), ("time", "time"), ("time", "time_ns"), ("time", "monotonic"),
    ("time", "sleep"), ("uuid", "uuid4"), ("uuid", "uuid1"), ("random", "random"), ("random", "choice"),
    ("random", "randint"), ("random", "uniform"), ("asyncio", "sleep"),
}  # fmt: skip


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT / "src" / "triptych"))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_time_and_randomness_are_arguments(path: Path) -> None:
    name = name_of(path)
    if name.startswith(("kernel/", *OUTSIDE)):
        pytest.skip("where time and randomness come from")
    found = [
        f"{name}:{node.lineno} {node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in AMBIENT
        # sleep(0) yields to other tasks; no time passes
        and not (
            node.attr == "sleep" and "asyncio.sleep(0)" in path.read_text().splitlines()[node.lineno - 1]
        )
    ]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_are_chapters(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 600, "look for the idea that is missing"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_names_say_something(path: Path) -> None:
    assert path.stem not in {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}


@pytest.mark.parametrize(
    "module",
    [
        "triptych.wire.codec",
        "triptych.wire.route",
        "triptych.wire.sigv4",
        "triptych.query.metric_math",
        "triptych.services.cloudtrail.record",
    ],
)
def test_the_pure_middle_brings_no_io_library(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print([m for m in ('aiohttp', 'uvicorn', 'clickhouse_connect', 'chdb', 'psycopg') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_parity_page_is_current() -> None:
    from triptych.parity import page

    assert (ROOT / "docs" / "parity.md").read_text() == "\n".join(page()) + "\n", "run `make parity`"


def test_parity_counts_every_operation_once() -> None:
    from triptych.parity import parity
    from triptych.wire.model import service_model

    for p in parity():
        names = [*p.built, *p.partly, *p.forwarded, *p.missing]
        assert sorted(names) == sorted(service_model(p.service).operation_names)


def test_every_handler_is_an_operation_of_the_model() -> None:
    from triptych.app import our_services
    from triptych.wire.model import service_model

    for service in our_services():
        known = {name.lower() for name in service_model(service.name).operation_names}
        assert set(service.operations) <= known
        assert {name.lower() for name in service.estate} <= known


def test_every_setting_is_in_the_commented_example_and_the_reference() -> None:
    import tomllib

    from triptych.init import TEMPLATE
    from triptych.settings import Estate, Intervals, Settings, Smtp

    reference = (ROOT / "docs" / "settings.md").read_text()
    tomllib.loads(TEMPLATE.format(access_key_id="a", secret="s", encryption_key="k"))
    for kind in (Settings, Estate, Intervals, Smtp):
        for name in kind.__struct_fields__:
            assert name in TEMPLATE, name
            assert f"`{name}`" in reference, name


def test_readme_names_only_commands_that_exist() -> None:
    import re

    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"`make ([a-z-]+)", readme)) | set(
        re.findall(r"^make ([a-z-]+)", readme, re.MULTILINE)
    )
    assert {"demo", "test"} <= targets
    assert [t for t in targets if f"\n{t}:" not in makefile] == []


def test_the_long_tests_are_where_they_are_said_to_be() -> None:
    from side_by_side import LONGEST, TOGETHER, place

    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    taken = {place(file) for file in files}
    assert taken == set(range(len(LONGEST) + 1)), "each has files, and others are left for the end"
    assert set(TOGETHER) <= set(LONGEST), "what is handed out as one comes early"


def test_console_api_page_is_current() -> None:
    from triptych.console.mount import endpoints
    from triptych.console.reference import openapi, page

    made = page(endpoints())
    current = "run `python -m triptych.console.reference > docs/console-api.md`"
    assert (ROOT / "docs" / "console-api.md").read_text() == made, current
    described = openapi(endpoints())["paths"]
    for endpoint in endpoints():
        assert endpoint.method.lower() in described[f"/console/api/{endpoint.path}"]
        assert f"## {endpoint.method} {endpoint.path}\n" in made


def test_the_guide_has_every_page_of_the_console_with_its_picture() -> None:
    import re

    routes = (ROOT / "web" / "src" / "app" / "routes.tsx").read_text()
    built = re.findall(r'^ +"(/[^"]*)": \(\) => import', routes, re.MULTILINE)
    guide = (ROOT / "docs" / "console.md").read_text()
    rows = dict(re.findall(r"^\| [^|]+ \| `#(/[^`]*)` \|.*\((images/[^)]+)\) \|$", guide, re.MULTILINE))
    assert sorted(rows) == sorted(built), "the table of addresses in docs/console.md"
    pictures = {f"images/{file.name}" for file in (ROOT / "docs" / "images").glob("*.png")}
    shown = set(re.findall(r"\((images/[^)]+)\)", guide))
    assert shown == pictures, "what is shown exists, and what exists is shown (`make screenshots`)"
