"""MetaExpert: trading experts in Python, with every event on record."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from metaexpert.expert import MetaExpert
__all__ = ["MetaExpert", "__version__"]

#: Stated here as in pyproject.toml: looking it up in what is installed takes longer than `--version` may.
__version__: Final = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the host at its first use, so that importing `metaexpert.logger` alone stays light."""
    if name == "MetaExpert":
        from metaexpert.expert import MetaExpert

        return MetaExpert
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
