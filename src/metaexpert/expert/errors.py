"""Exceptions of the expert host, for mistakes that the user can put right."""

from __future__ import annotations


class ExpertError(Exception):
    """A run that cannot start or go on, with a message that says what to do about it."""


class ArgumentError(ExpertError, ValueError):
    """A bad argument: the message names the argument, the value and what is allowed."""


class UnknownArgumentError(ArgumentError, TypeError):
    """An unknown argument: the message names it, and the one that is probably meant."""


class NotRunningError(ExpertError, RuntimeError):
    """A trading call or a question about the account was made while no run was going on."""
