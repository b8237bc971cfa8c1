"""Facts about `metaexpert.logger.PipelineHandler` named in a program's own logging configuration."""

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

RunPython = Callable[..., "Outcome"]

DICT_CONFIG = """
    import logging.config

    DOCUMENT = {
        "version": 1,
        "handlers": {"pipeline": {"class": "metaexpert.logger.PipelineHandler", "level": "INFO"}},
        "root": {"handlers": ["pipeline"], "level": "DEBUG"},
    }
    logging.config.dictConfig(DOCUMENT)
"""
QUIET = {"METAEXPERT_LOG__HANDLERS__CONSOLE": "none"}


def test_a_dictconfig_needs_nothing_but_the_name(run_python: RunPython) -> None:
    """It starts the pipeline with what the environment says; the document sets the levels."""
    done = run_python(
        DICT_CONFIG
        + """
    logging.getLogger("feed").info("tick %d", 1, extra={"symbol": "BTC"})
    logging.getLogger("feed").debug("below the handler's level")
    levels = {"pipeline": {"level": "DEBUG"}}
    logging.config.dictConfig({"version": 1, "incremental": True, "handlers": levels})
    logging.getLogger("feed").debug("tick 2")
    logging.config.dictConfig(DOCUMENT)
    logging.getLogger("feed.late").error("tick 3")
    """,
        env=QUIET,
    )

    records = done.records()
    assert [record["message"] for record in records] == ["tick 1", "tick 2", "tick 3"]
    assert (records[0]["module"], records[0]["symbol"]) == ("feed", "BTC")
    assert done.messages("logs/errors.log") == ["tick 3"]
    assert (done.stdout, done.stderr) == ("", "")


def test_a_fileconfig_needs_nothing_but_the_name(run_python: RunPython) -> None:
    """The old INI form finds the handler, too."""
    done = run_python(
        """
        import logging.config
        from pathlib import Path

        Path("logging.ini").write_text('''
        [loggers]
        keys=root
        [handlers]
        keys=pipeline
        [formatters]
        keys=
        [logger_root]
        level=INFO
        handlers=pipeline
        [handler_pipeline]
        class=metaexpert.logger.PipelineHandler
        level=NOTSET
        '''.replace("        ", ""))
        logging.config.fileConfig("logging.ini")
        logging.getLogger("feed").info("tick", extra={"price": 1.5})
        """,
        env=QUIET,
    )

    (record,) = done.records()
    assert (record["message"], record["price"]) == ("tick", 1.5)


def test_defaults_include_the_console(run_python: RunPython) -> None:
    """Without any setting the record is also on the console, as after `configure()`."""
    done = run_python(DICT_CONFIG + '\n    logging.warning("wide spread")\n')

    assert "wide spread" in done.stdout + done.stderr
    assert done.messages() == ["wide spread"]


def test_a_bad_setting_is_an_error_of_dictconfig(run_python: RunPython) -> None:
    """The error names the variable, where the program configures; records raise nothing; it can go on."""
    done = run_python(
        f"""
    try:
        {textwrap.indent(textwrap.dedent(DICT_CONFIG), "        ").strip()}
    except ValueError as error:
        print(error.__cause__)
    """
        + """
    import os

    for number in range(3):
        logging.warning("before %d", number)
    del os.environ["METAEXPERT_LOG__DEFAULT_LEVEL"]
    from metaexpert.logger import configure

    configure(handlers={"console": None})
    logging.warning("after")
    """,
        env={"METAEXPERT_LOG__DEFAULT_LEVEL": "LOUD"},
    )

    assert 'METAEXPERT_LOG__DEFAULT_LEVEL (environment): unknown level "LOUD"' in done.stdout
    assert done.messages() == ["after"]


def test_an_unwritable_directory_is_an_error_of_dictconfig(run_python: RunPython) -> None:
    """Where the log directory should be is a file: it is told where the program configures."""
    done = run_python(
        """
    open("taken", "w").close()
    """
        + DICT_CONFIG,
        env=QUIET | {"METAEXPERT_LOG__LOG_FILE_PATH": "taken"},
        code=1,
    )

    assert "ConfigurationError" in done.stderr
    assert "Unable to configure handler 'pipeline'" in done.stderr


def test_a_handler_made_by_hand_starts_with_its_first_record(run_python: RunPython) -> None:
    """Nothing starts before, so the program may still configure. A bad setting is told once, not raised."""
    done = run_python(
        """
    import logging
    from metaexpert.logger import PipelineHandler

    logging.root.addHandler(PipelineHandler())
    for number in range(3):
        logging.warning("w %d", number)
    print("trading goes on")
    """,
        env={"METAEXPERT_LOG__DEFAULT_LEVEL": "LOUD"},
    )

    assert done.stderr.count("--- Logging error ---") == 1
    assert 'METAEXPERT_LOG__DEFAULT_LEVEL (environment): unknown level "LOUD"' in done.stderr
    assert done.stdout == "trading goes on\n"


@pytest.mark.parametrize("name", ["metaexpert.logger.PipelineHandler", "Own"])
def test_it_runs_before_the_first_record(name: str, run_python: RunPython) -> None:
    """`dictConfig` starts the pipeline, of a subclass too; no call has to."""
    done = run_python(
        f"""
    import logging.config

    class_name = {name!r}
    if class_name == "Own":
        from metaexpert.logger import PipelineHandler

        class Own(PipelineHandler):
            def __init__(self):
                super().__init__()

        class_name = Own
    key = "class" if isinstance(class_name, str) else "()"
    logging.config.dictConfig({{"version": 1, "handlers": {{"pipeline": {{key: class_name}}}}}})
    from metaexpert.logger.shared import native

    print(native.is_running())
    """,
        env=QUIET,
    )

    assert done.stdout == "True\n"


def test_a_module_that_a_document_imports_starts_nothing(run_python: RunPython) -> None:
    """Importing the library changes nothing, also from inside of `dictConfig`."""
    done = run_python(
        """
    import logging.config
    from pathlib import Path

    Path("other.py").write_text("import logging, metaexpert.logger\\nHandler = logging.NullHandler\\n")
    logging.config.dictConfig({"version": 1, "handlers": {"other": {"class": "other.Handler"}}})
    from metaexpert.logger.shared import native

    print(native.is_running(), Path("logs").exists())
    """
    )

    assert done.stdout == "False False\n"


def test_a_configuration_later_adds_no_second_copy(run_python: RunPython) -> None:
    """`configure()` after the handler was named: both are on the root, and each record is there once."""
    done = run_python(
        DICT_CONFIG
        + """
    from metaexpert.logger import configuration, configure, get_logger

    logging.getLogger("feed").info("1")
    assert configuration().origin("handlers.console").startswith("environment")
    configure(default_level="DEBUG")
    logging.getLogger("feed").info("2")
    get_logger("bot").info("3", price=1.5)
    assert len(logging.root.handlers) == 2
    """,
        env=QUIET,
    )

    assert done.messages() == ["1", "2", "3"]


def test_what_configuring_logs_does_not_start_it_again(run_python: RunPython) -> None:
    """Reading settings may itself log, here about a line of `.env` that is none: it ends."""
    done = run_python(
        """
    open(".env", "w").write("this is no assignment\\n")
    """
        + DICT_CONFIG
        + """
    logging.warning("1")
    """,
        env=QUIET,
    )

    assert done.messages()[0] == "1"


@pytest.mark.parametrize("method", ["flush", "close"])
def test_the_handler_can_be_flushed_and_closed(method: str, run_python: RunPython) -> None:
    """`flush()` writes what was submitted; after `close()`, as `dictConfig` does, the handler still works."""
    done = run_python(
        DICT_CONFIG
        + f"""
    (handler,) = logging.root.handlers
    logging.warning("1")
    handler.{method}()
    logging.warning("2")
    handler.flush()
    print(open("logs/expert.log").read().count("message"))
    """,
        env=QUIET,
    )

    assert done.stdout == "2\n"
