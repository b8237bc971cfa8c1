"""The environment that tests give to processes."""

import os

#: Variables that configure the library; a developer's own must not reach the tests.
CONFIGURING = ("LOG_", "METAEXPERT_", "NO_COLOR", "PYTHONUNBUFFERED")


def clean_environment() -> dict[str, str]:
    """Return the environment without what configures the library."""
    return {name: value for name, value in os.environ.items() if not name.startswith(CONFIGURING)}
