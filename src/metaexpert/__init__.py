"""MetaExpert: trading experts in Python, with every event on record."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metaexpert.expert import MetaExpert

    __version__: str
__all__ = ["MetaExpert", "__version__"]


def __getattr__(name: str) -> Any:
    """Load the host at its first use, so that importing `metaexpert.logger` alone stays light."""
    if name == "MetaExpert":
        from metaexpert.expert import MetaExpert

        return MetaExpert
    if name == "__version__":
        from importlib.metadata import version

        return version("metaexpert")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
