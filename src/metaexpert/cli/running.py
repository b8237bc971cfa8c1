"""The running expert that a command is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metaexpert.cli.failure import CommandFailedError
from metaexpert.logger.config import absolute
from metaexpert.logger.live.runtime_file import RunningProcess, look_around
from metaexpert.streams import tell

if TYPE_CHECKING:
    from metaexpert.cli.control_client import ControlClient


def choose_client(
    url: str | None, token: str | None, pid: int | None, directory: str | None
) -> ControlClient | None:
    """Return a client of the control server at `url`, or of the one expert that `pid` and `directory` mean.

    Returns None where no expert runs at all. Raises `CommandFailedError` where none fits, or more than one.
    """
    if url is not None:
        return _client(url, token)
    experts = experts_here()
    if not experts and pid is None:
        return None
    expert = _chosen(experts, pid, directory)
    if expert.url is None:
        raise CommandFailedError(
            f"{named(expert)} has no control server; start it with --control 0, or METAEXPERT_CONTROL"
        )
    return _client(expert.url, token or expert.token)


def _client(url: str, token: str | None) -> ControlClient:
    # The HTTP client takes longer to import than everything else that a command needs if it finds no server.
    from metaexpert.cli.control_client import ControlClient

    return ControlClient(url, token)


def experts_here() -> list[RunningProcess]:
    """Return the running experts of this user; stderr gets the problems with files among theirs."""
    found = look_around()
    for problem in found.problems:
        tell(f"warning: {problem}")
    return found.processes


def named(expert: RunningProcess) -> str:
    """Return how a message names an expert."""
    return f"{expert.name} (process {expert.pid})"


def _chosen(experts: list[RunningProcess], pid: int | None, directory: str | None) -> RunningProcess:
    found = [expert for expert in experts if pid is None or expert.pid == pid]
    if directory is not None:
        path = absolute(directory)
        found = [expert for expert in found if expert.log_directory == path]
    if pid is None and directory is None and len(found) > 1:
        # Those with a control server, then the one that logs where the command is run.
        found = [expert for expert in found if expert.url is not None] or found
        here = [expert for expert in found if expert.log_directory == absolute("logs")]
        found = here if len(here) == 1 else found
    if not found:
        asked = f"of process {pid}" if pid is not None else f"that logs into {directory}"
        raise CommandFailedError(f"there is no running expert {asked}; `metaexpert ps` lists them")
    if len(found) > 1:
        names = ", ".join(map(named, found))
        option = "--pid" if len({each.pid for each in found}) == len(found) else "--dir or --url"
        raise CommandFailedError(f"{len(found)} experts run: {names}; choose one with {option}")
    return found[0]
