"""The command line: up · demo · doctor · init. Each command says what it does and what it printed means.

Commands import what they need when they run: the engine, the estate and boto3 take a second together, and
`--help` needs none of them. This is the one module that imports inside functions.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from triptych import __version__
from triptych.settings import Settings, SettingsError, load

cli = typer.Typer(
    name="triptych",
    help="CloudWatch, CloudTrail and Config for any AWS-compatible estate, in one server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
err = Console(stderr=True)

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Settings file. Without it, triptych.toml in this directory is read if present."
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Where state lives: control.db, lake/, secret.key. [default: ./triptych-data]"),
]
Host = Annotated[
    str | None,
    typer.Option(
        help="Address to listen on; beyond loopback the default test/test is refused. [default: 127.0.0.1]"
    ),
]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on. [default: 4566]")]


def main() -> None:
    """The ``triptych`` command."""
    cli()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"triptych {__version__}")
        raise typer.Exit


@cli.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@cli.command()
def up(
    config: ConfigFile = None,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    log_json: Annotated[
        bool | None, typer.Option("--log-json/--log-text", help="Logs as JSON lines.")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error. [default: info]")
    ] = None,
) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    Settings come from triptych.toml, then TRIPTYCH_* variables, then these flags. Point any AWS client at it
    with AWS_ENDPOINT_URL; the banner prints the lines to paste.
    """
    import uvloop

    from triptych.app import UnsafeSettings
    from triptych.edge.telemetry import configure_logging

    settings = _settings(
        config,
        {"host": host, "port": port, "data_dir": data_dir, "log_json": log_json, "log_level": log_level},
    )
    configure_logging(json=settings.log_json, level=settings.log_level)
    try:
        uvloop.run(_serve(settings))
    except (OSError, UnsafeSettings, RuntimeError) as error:
        _fail(str(error), advice="`triptych doctor` looks for the cause.")


async def _serve(settings: Settings) -> None:
    from triptych.app import open_app
    from triptych.edge.serve import Server, bind, settle_memory

    try:
        listening = bind(settings.host, settings.port)
    except OSError as error:
        raise OSError(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    with contextlib.closing(listening):
        async with open_app(settings) as app:
            server = Server(app.front_door)
            loop = asyncio.get_running_loop()
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, server.stop)
            settle_memory()
            _banner(settings, port=listening.getsockname()[1], console=app.has_pages)
            await server.serve(sockets=[listening])


def _banner(settings: Settings, *, port: int, console: bool) -> None:
    """What a person needs to start: on stderr, so that stdout stays free for logs a program may read."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    well_known = settings.root_secret_access_key == "test"  # noqa: S105
    lines = [
        f"export AWS_ENDPOINT_URL=http://{host}:{port}",
        f"export AWS_REGION={settings.region} AWS_DEFAULT_REGION={settings.region}",
        f"export AWS_ACCESS_KEY_ID={settings.root_access_key_id}",
        "export AWS_SECRET_ACCESS_KEY="
        + ("test" if well_known else "<root_secret_access_key of your settings>"),
    ]
    pages = f"http://{host}:{port}/console/" if console else "not built (make console)"
    where = (
        settings.estate.default if settings.estate.default != "sandbox" else "sandbox (embedded, in memory)"
    )
    title = (
        f"Triptych {__version__} · account {settings.account} · estate: {where} · data: {settings.data_dir}"
    )
    if err.is_terminal:
        err.print(
            Panel("\n".join([*lines, f"Console: {pages}"]), title=title, title_align="left", expand=False)
        )
    else:
        sys.stderr.write("\n".join([title, *lines, f"Console: {pages}"]) + "\n")
        sys.stderr.flush()


@cli.command(name="demo")
def demo_command(
    endpoint: Annotated[
        str | None,
        typer.Option(help="Use a running server instead of starting one, e.g. http://127.0.0.1:4566."),
    ] = None,
    access_key_id: Annotated[
        str, typer.Option(envvar="AWS_ACCESS_KEY_ID", help="Root credential of that server.")
    ] = "test",
    secret_access_key: Annotated[
        str, typer.Option(envvar="AWS_SECRET_ACCESS_KEY", help="Its secret.")
    ] = "test",  # noqa: S107
    region: Annotated[
        str, typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Region to work in.")
    ] = "us-east-1",
    as_json: Annotated[bool, typer.Option("--json", help="Print the story as one JSON document.")] = False,
) -> None:
    """The closed loop, once, for real: a junior switches a bucket's encryption off, Triptych switches it on again.

    Starts its own server on a free port with a temporary data directory, then acts as an ordinary boto3
    client and shows every hop with its latency. Exits 1, with the reason, when a step does not happen.
    """
    from triptych import demo

    sys.exit(
        demo.run(
            endpoint=endpoint,
            access_key_id=access_key_id if endpoint else "test",
            secret_access_key=secret_access_key if endpoint else "test",
            region=region,
            as_json=as_json,
        )
    )


@cli.command(name="doctor")
def doctor_command(
    config: ConfigFile = None, host: Host = None, port: Port = None, data_dir: DataDir = None
) -> None:
    """Look for what is wrong: versions, port, disk, engine, control store, estate, credentials. Exits 1 on a problem."""
    from triptych import doctor

    settings = _settings(config, {"host": host, "port": port, "data_dir": data_dir})
    findings = asyncio.run(doctor.examine(settings))
    marks = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}
    table = Table("", "check", "what was found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(marks[finding.status], finding.check, finding.detail, finding.advice)
    Console().print(table)
    raise typer.Exit(1 if any(f.status == "problem" for f in findings) else 0)


@cli.command(name="init")
def init_command(
    path: Annotated[Path, typer.Argument(help="Where to write the settings.")] = Path("triptych.toml"),
    force: Annotated[bool, typer.Option(help="Overwrite an existing file.")] = False,
) -> None:
    """Write a commented triptych.toml with a generated root credential and encryption key (readable by you only)."""
    from triptych import init

    try:
        access_key_id = init.write(path, force=force)
    except FileExistsError:
        _fail(f"{path} exists.", advice="Choose another path, or --force to overwrite it.")
    typer.echo(
        f"Wrote {path} with the root access key {access_key_id}.\nStart with: triptych up --config {path}"
    )


def _settings(config: Path | None, flags: dict[str, Any]) -> Settings:
    try:
        return load(config, os.environ, flags)
    except SettingsError as error:
        _fail(f"Settings: {error}", advice="`triptych init` writes a commented example.")


def _fail(message: str, *, advice: str = "") -> NoReturn:
    err.print(f"[red]error:[/] {message}" + (f"\n{advice}" if advice else ""), highlight=False)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
