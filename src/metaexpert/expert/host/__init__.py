"""`MetaExpert`, the object that a strategy file builds: its decorators, its trading calls, its logging."""

from metaexpert.expert.host.meta_expert import MetaExpert

__all__ = ["MetaExpert"]
