"""Commands and groups of the command line, each in a module that is imported when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, cast

import click


class Command(click.Command):
    """A command whose line in a list is the first paragraph of its docstring, never cut."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph of the help, however long it is."""
        return _first_paragraph(self)


class Group(click.Group):
    """The commands of `modules`, each of which has a command of its own last name.

    A module is imported when its command is called or listed, so no command pays for another's imports.
    """

    def __init__(self, *, modules: Sequence[str], **options: Any) -> None:
        super().__init__(no_args_is_help=True, **options)
        self._modules = {module.rpartition(".")[2]: module for module in modules}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order in which they are registered."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name; returns None where there is none."""
        module = self._modules.get(cmd_name)
        return None if module is None else cast("click.Command", getattr(import_module(module), cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` begin with. Raises `NoSuchCommand`, which names similar ones."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=self._modules, ctx=ctx) from None

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph of the help, however long it is."""
        return _first_paragraph(self)


def _first_paragraph(command: click.Command) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())
