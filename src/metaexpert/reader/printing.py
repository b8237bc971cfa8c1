"""What shows the lines that a search or a follower finds: parts of the engine, for commands."""

from metaexpert.logger.shared.native import Following, Printer

__all__ = ["Following", "Printer"]
