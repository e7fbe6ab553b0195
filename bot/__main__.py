"""The command line. Commands are declared here and carried out in `bot.composition`."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from bot import __version__
from bot.locales import translate

EXIT_USAGE = 64  # sysexits.h EX_USAGE
EXIT_SOFTWARE = 70  # sysexits.h EX_SOFTWARE: our own error
EXIT_INTERRUPTED = 130  # 128 + SIGINT

app = typer.Typer(
    name="wsdiag",
    help="Watches Socket.IO and WebSocket backends and names the cause when they fail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Lang = Annotated[
    str | None,
    typer.Option("--lang", envvar="WSDIAG_LANG", help="Language: en or ru.", metavar="en|ru"),
]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"wsdiag {__version__}")
        raise typer.Exit


@app.callback()
def _wsdiag(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Watches Socket.IO and WebSocket backends and names the cause when they fail."""


@app.command()
def check(  # noqa: PLR0917  Typer reads the options off the signature
    where: Annotated[
        str, typer.Argument(metavar="URL|NAME", help="A backend's address, or a target's name.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also hold the connection and look for what takes time.")
    ] = False,
    origin: Annotated[str | None, typer.Option(help="The page's Origin, for CORS.")] = None,
    namespace: Annotated[str | None, typer.Option(help="Socket.IO namespace.")] = None,
    path: Annotated[str | None, typer.Option(help="Path of Engine.IO.")] = None,
    auth: Annotated[
        str | None,
        typer.Option(help="Auth payload: JSON, @file or env:NAME (JSON shows in process lists)."),
    ] = None,
    ca_file: Annotated[
        str | None, typer.Option(help="PEM file of further trusted certificate authorities.")
    ] = None,
    control_url: Annotated[
        list[str] | None, typer.Option(help="A page that works when our own network does.")
    ] = None,
    control_resolver: Annotated[
        str | None, typer.Option(help="IP address of a DNS resolver outside.")
    ] = None,
    proxy: Annotated[str | None, typer.Option(help="HTTP proxy, http://host:port.")] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds for the whole check.", min=0.5, max=300)
    ] = None,
    save: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Keep the findings in a file for judge and diff; no secrets."
        ),
    ] = None,
    lang: Lang = None,
) -> None:
    """Diagnose a backend once. Exit code: 0 up, 1 degraded, 2 down, 3 unknown."""
    from bot.composition import checking  # noqa: PLC0415  each command imports what it needs

    options = checking.CheckOptions(
        where=where,
        as_json=as_json,
        deep=deep,
        origin=origin,
        namespace=namespace,
        path=path,
        auth=auth,
        ca_file=ca_file,
        control_urls=tuple(control_url or ()),
        control_resolver=control_resolver,
        proxy=proxy,
        timeout_s=timeout,
        save=save,
        lang=lang,
    )
    raise typer.Exit(checking.check(options))


@app.command()
def judge(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What check --save wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    lang: Lang = None,
) -> None:
    """Judge a saved report again with this version, without network. Exit code as of check."""
    from bot.composition import judging  # noqa: PLC0415

    raise typer.Exit(judging.judge(file, as_json=as_json, lang=lang))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A saved report.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    lang: Lang = None,
) -> None:
    """Say what differs between two saved reports. Exit code: 0 nothing, 1 something."""
    from bot.composition import judging  # noqa: PLC0415

    raise typer.Exit(judging.diff(before, after, as_json=as_json, lang=lang))


@app.command()
def feedback(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on stdout.")] = False,
    export: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Write a file per answer, ready to become a fixture."),
    ] = None,
    lang: Lang = None,
) -> None:
    """List the verdicts that people called wrong in Slack, with what they said it was."""
    from bot.composition import feedback as answers  # noqa: PLC0415

    raise typer.Exit(answers.feedback(as_json=as_json, export=export, lang=lang))


@app.command()
def explain(
    pasted: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="What was printed; @file, or - for standard input."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    healthy: Annotated[
        bool, typer.Option("--healthy", help="wsdiag check finds nothing wrong with the backend.")
    ] = False,
    lang: Lang = None,
) -> None:
    """Say what a console error or a log means. Exit code: 0 recognised, 3 not recognised."""
    from bot.composition import explaining  # noqa: PLC0415

    raise typer.Exit(explaining.explain(pasted, as_json=as_json, healthy=healthy, lang=lang))


@app.command()
def config(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print a commented wsdiag.toml and stop.")
    ] = False,
) -> None:
    """Show the effective settings, secrets masked, and what is wrong with them."""
    from bot.composition import configuration  # noqa: PLC0415

    raise typer.Exit(configuration.show(as_json=as_json, example=example))


@app.command("run")
def run_bot(
    log_format: Annotated[
        str | None, typer.Option(help="text or json.", metavar="text|json")
    ] = None,
) -> None:
    """Be the Slack bot: watch every target, post incidents, answer /wsdiag."""
    from bot.composition import running  # noqa: PLC0415

    raise typer.Exit(running.run(log_format=log_format))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes any.", min=0, max=65535)] = 0,
    lang: Lang = None,
    names: Annotated[
        int,
        typer.Option(help="Watch the backend under so many names: a storm.", min=1, max=20),
    ] = 1,
    log_level: Annotated[
        str, typer.Option(help="debug, info, warning or error.", metavar="LEVEL")
    ] = "warning",
) -> None:
    """The bot in a local workspace, with a backend to break. Needs no token and no internet."""
    from bot.composition import running  # noqa: PLC0415

    raise typer.Exit(running.demo(port=port, lang=lang, names=names, log_level=log_level))


@app.command()
def doctor(
    test_alert: Annotated[
        bool, typer.Option("--test-alert", help="Also post a test alert to every channel.")
    ] = False,
    lang: Lang = None,
) -> None:
    """Examine the whole installation and say what to change."""
    from bot.composition import doctoring  # noqa: PLC0415

    raise typer.Exit(doctoring.examine(test_alert=test_alert, lang=lang))


def main() -> None:
    """Entry point of `wsdiag`: turns every end into an exit code of the contract."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Carry out one command line and return its exit code."""
    from bot.composition.errors import UsageError  # noqa: PLC0415

    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="wsdiag", standalone_mode=False)
    except typer.TyperException as error:  # what Typer itself finds wrong with the arguments
        explain = getattr(error, "format_message", None)
        typer.echo(f"wsdiag: {explain() if explain else error}", err=True)
        typer.echo("wsdiag --help lists the commands.", err=True)
        return EXIT_USAGE
    except UsageError as error:
        typer.echo(f"wsdiag: {translate(error.message, 'en')}", err=True)
        return EXIT_USAGE
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except Exception:
        logging.getLogger("wsdiag").exception("wsdiag itself failed; please report this")
        return EXIT_SOFTWARE
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
