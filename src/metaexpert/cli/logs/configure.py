"""`metaexpert logs configure`: shows and changes the logging of a running expert."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from metaexpert.cli.command import Command
from metaexpert.cli.durations import duration_seconds
from metaexpert.cli.failure import CommandFailedError
from metaexpert.streams import tell

if TYPE_CHECKING:
    from metaexpert.cli.control_client import ControlClient

_ROUTE: Final = "/logging/configure"
_REMOVAL: Final = "none"
_OK: Final = 200
_INTERNAL: Final = 500


@click.command(cls=Command)
@click.option("--show", is_flag=True, help="Print the configuration in force, with its sources.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of configurations.")
@click.option("--level", "-l", metavar="LEVEL", help="The default level.")
@click.option(
    "--logger",
    "loggers",
    metavar="NAME=LEVEL",
    multiple=True,
    help="The level of a logger; none takes it back.",
)
@click.option(
    "--handler",
    "handlers",
    metavar="NAME.OPTION=VALUE",
    multiple=True,
    help="An option of a handler, as console.level=ERROR; NAME=none removes it.",
)
@click.option(
    "--set",
    "settings",
    metavar="PATH=VALUE",
    multiple=True,
    help="Any setting, as queue.wait_ms=50.",
)
@click.option("--ttl", metavar="TIME", help="Take the change back after this time, as 10m or 1h30m.")
@click.option("--pid", type=int, help="The process id of the expert.")
@click.option("--dir", "directory", metavar="DIR", help="The log directory of the expert.")
@click.option("--url", metavar="URL", help="Its control server, as http://HOST:PORT.")
@click.option(
    "--token",
    envvar="METAEXPERT_CONTROL_TOKEN",
    show_envvar=True,
    help="The token of the control server.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def configure(
    show: bool,
    schema: bool,
    level: str | None,
    loggers: Sequence[str],
    handlers: Sequence[str],
    settings: Sequence[str],
    ttl: str | None,
    pid: int | None,
    directory: str | None,
    url: str | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Show or change the logging of a running expert, which need not be restarted.

    A change holds at once and until the process ends, or for --ttl. The expert is the only one that runs, or
    the one that --pid, --dir or --url says.
    """
    if schema:
        from metaexpert.logger.config import json_schema

        print(json_schema(), end="")
        return
    change = _change(level, loggers, handlers, settings, ttl)
    if not change and not show:
        raise CommandFailedError("nothing to do; give --level, --logger, --handler or --set, or --show")
    from metaexpert.cli.running import choose_client

    client = choose_client(url, token, pid, directory)
    if change:
        if client is None:
            raise CommandFailedError("no expert is running; `metaexpert run FILE --control 0` starts one")
        _send(client, change, as_json=as_json and not show)
    if show:
        _show(client, as_json=as_json)


def _send(client: ControlClient, change: Mapping[str, Any], *, as_json: bool) -> None:
    answer = client.post(_ROUTE, change)
    if answer.status != _OK:
        raise CommandFailedError(answer.message, 1 if answer.status >= _INTERNAL else 2)
    print(json.dumps(answer.document) if as_json else answer.message)


def _show(client: ControlClient | None, *, as_json: bool) -> None:
    from metaexpert.logger.config import described

    document = _here() if client is None else _of(client)
    if as_json:
        print(json.dumps(document, indent=2))
        return
    for line in described(document["configuration"], document["origins"], document.get("unseen_loggers", [])):
        print(line)


def _of(client: ControlClient) -> dict[str, Any]:
    answer = client.get(f"{_ROUTE}?origins=true")
    if answer.status != _OK:
        raise CommandFailedError(answer.message)
    if not all(isinstance(answer.document.get(part), dict) for part in ("configuration", "origins")):
        raise client.no_control_server("it shows no configuration")
    return answer.document


def _here() -> dict[str, Any]:
    """Return what a program that is started here would have, since none runs."""
    from metaexpert.expert.loggers import expert_defaults
    from metaexpert.logger import ConfigurationError
    from metaexpert.logger.config import Sources

    note = "this is the configuration of one started here, except for what its file names in MetaExpert(...)"
    tell(f"note: no expert is running; {note}")
    try:
        document, origins = Sources.discover().with_defaults(expert_defaults).shown()
    except ConfigurationError as error:
        raise CommandFailedError(str(error)) from None
    return {"configuration": document, "origins": origins}


def _change(
    level: str | None,
    loggers: Sequence[str],
    handlers: Sequence[str],
    settings: Sequence[str],
    ttl: str | None,
) -> dict[str, Any]:
    """Return the document that the options ask for. Raises `CommandFailedError` for one that says nothing."""
    from metaexpert.logger.config import merge

    change: dict[str, Any] = {} if level is None else {"default_level": level}
    for text in loggers:
        name, value = _assignment("--logger", text, "NAME=LEVEL")
        # A logger's name has dots of its own.
        named = {name: None if value.lower() == _REMOVAL else value}
        change = merge(change, {"loggers": named})
    for text in handlers:
        path, value = _assignment("--handler", text, "NAME.OPTION=VALUE")
        change = merge(change, _nested(("handlers", *path.split(".")), value))
    for text in settings:
        path, value = _assignment("--set", text, "PATH=VALUE")
        change = merge(change, _nested(tuple(path.split(".")), value))
    if ttl is None:
        return change
    if not change:
        raise CommandFailedError("--ttl says how long a change holds; give the change as well")
    return {**change, "ttl_seconds": duration_seconds("--ttl", ttl)}


def _assignment(option: str, text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name.strip() or not equals:
        raise CommandFailedError(f"{option} must be {form}, was {text}")
    return name.strip(), value.strip()


def _nested(path: tuple[str, ...], text: str) -> dict[str, Any]:
    from metaexpert.logger.config import typed_value

    document: Any = typed_value(text, path) if text else ""
    for step in reversed(path):
        document = {step: document}
    return dict(document)
