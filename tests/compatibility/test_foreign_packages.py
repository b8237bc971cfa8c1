"""Other logging packages beside the pipeline, with records of our loggers and of plain ones."""

import io
import json
import logging
import logging.config
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome


def log_both(logs: "Logs") -> None:
    """Log an event by one of our loggers and one by a plain one."""
    logs.logger.bind(strategy=7).info("Order %s", "filled", price=1.5)
    logging.getLogger("third.party").warning("Slow %s", "answer", extra={"host": "h"})


def assert_both_recorded_once(logs: "Logs") -> None:
    """Check that the pipeline has what `log_both` logged, whole and once."""
    ours, plain = logs.records()[-2:]
    assert logs.messages().count("Order filled") == logs.messages().count("Slow answer") == 1
    assert (ours["message"], ours["strategy"], ours["price"]) == ("Order filled", 7, 1.5)
    assert (plain["message"], plain["host"]) == ("Slow answer", "h")


def test_sentry_gets_breadcrumbs_and_events(logs: "Logs") -> None:
    """sentry-sdk patches `Logger.callHandlers`: records below ERROR become breadcrumbs, others events."""
    sdk = pytest.importorskip("sentry_sdk")
    transport = pytest.importorskip("sentry_sdk.transport")
    events: list[dict[str, Any]] = []

    class Keeping(transport.Transport):  # type: ignore[misc, name-defined]
        def capture_envelope(self, envelope: Any) -> None:
            events.extend(item.payload.json for item in envelope.items if item.type == "event")

    logs.configure()
    logs.logger.info("before")
    patched = logging.Logger.callHandlers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sdk.init(dsn="http://key@localhost/1", transport=Keeping, default_integrations=True)
    try:
        log_both(logs)
        try:
            {}["price"]
        except KeyError:
            logs.logger.exception("Ticker is incomplete", symbol="BTC")
        sdk.flush()
    finally:
        sdk.get_client().close()
        sdk.init()
        logging.Logger.callHandlers = patched  # type: ignore[method-assign]

    (event,) = events
    assert event["logentry"]["message"] == "Ticker is incomplete"
    assert event["extra"]["symbol"] == "BTC"
    assert event["exception"]["values"][0]["type"] == "KeyError"
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["Order filled", "Slow answer"]
    assert logs.messages() == ["before", "Order filled", "Slow answer", "Ticker is incomplete"]
    logs.logger.info("after")
    logs.logger.info("after")
    assert logs.is_fast()


def test_opentelemetry_exports_records(logs: "Logs") -> None:
    """Its logging handler exports body, severity and our fields as attributes."""
    provider_module = pytest.importorskip("opentelemetry.sdk._logs")
    export = pytest.importorskip("opentelemetry.sdk._logs.export")
    handler_module = pytest.importorskip("opentelemetry.instrumentation.logging.handler")
    in_memory = getattr(export, "InMemoryLogRecordExporter", None) or export.InMemoryLogExporter
    exporter, provider = in_memory(), provider_module.LoggerProvider()
    provider.add_log_record_processor(export.SimpleLogRecordProcessor(exporter))
    logs.configure()
    handler = handler_module.LoggingHandler(level=logging.NOTSET, logger_provider=provider)
    logging.root.addHandler(handler)
    try:
        log_both(logs)
    finally:
        logging.root.removeHandler(handler)
        provider.shutdown()

    ours, plain = [each.log_record for each in exporter.get_finished_logs()]
    assert (ours.body, ours.severity_text) == ("Order filled", "INFO")
    assert (ours.attributes["price"], ours.attributes["strategy"]) == (1.5, 7)
    assert (plain.body, plain.attributes["host"]) == ("Slow answer", "h")
    assert_both_recorded_once(logs)


def test_python_json_logger_writes_the_fields(logs: "Logs") -> None:
    """Its formatter on a stream handler sees fields as `extra`, and nothing else of ours."""
    json_logger = pytest.importorskip("pythonjsonlogger.json")
    logs.configure()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(json_logger.JsonFormatter("%(levelname)s %(name)s %(message)s"))
    logging.root.addHandler(handler)
    log_both(logs)

    ours, plain = map(json.loads, stream.getvalue().splitlines())
    assert ours == {
        "levelname": "INFO",
        "name": "bot",
        "message": "Order filled",
        "strategy": 7,
        "price": 1.5,
    }
    assert plain == {"levelname": "WARNING", "name": "third.party", "message": "Slow answer", "host": "h"}
    assert_both_recorded_once(logs)


def test_rich_shows_records(logs: "Logs") -> None:
    """rich's handler on the root prints each record with the file of its call."""
    console_module = pytest.importorskip("rich.console")
    rich_logging = pytest.importorskip("rich.logging")
    logs.configure()
    stream = io.StringIO()
    console = console_module.Console(file=stream, width=120)
    logging.root.addHandler(rich_logging.RichHandler(console=console))
    log_both(logs)

    ours, plain = stream.getvalue().splitlines()
    assert "Order filled" in ours
    assert "Slow answer" in plain
    assert all("test_foreign_packages.py" in line for line in (ours, plain))
    assert_both_recorded_once(logs)


def test_structlog_on_top_of_logging(logs: "Logs") -> None:
    """structlog's `LoggerFactory` with `render_to_log_kwargs` logs through ours: fields stay fields."""
    structlog = pytest.importorskip("structlog")
    logs.configure(include=["caller"])
    logs.logger.info("first")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    try:
        log = structlog.get_logger("bot").bind(strategy=7)
        log.info("Order filled", price=1.5)
        structlog.get_logger("third.party").warning("Slow answer", host="h")
        try:
            {}["price"]
        except KeyError:
            log.exception("Ticker is incomplete")
    finally:
        structlog.reset_defaults()

    filled, slow, failed = logs.records()[1:]
    assert (filled["module"], filled["message"], filled["strategy"], filled["price"]) == (
        "bot",
        "Order filled",
        7,
        1.5,
    )
    assert (slow["module"], slow["host"]) == ("third.party", "h")
    assert failed["exception"]["type"] == "KeyError"


@pytest.fixture
def structlog_processor() -> Iterator[Any]:
    """structlog with our processor at the end, until the test is over."""
    structlog = pytest.importorskip("structlog")
    from metaexpert.logger.structlog import PipelineProcessor

    structlog.configure(processors=[structlog.contextvars.merge_contextvars, PipelineProcessor()])
    yield structlog
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_our_structlog_processor_submits_events(logs: "Logs", structlog_processor: Any) -> None:
    """Message, level, logger's name, fields, context, category, arguments, exception and caller arrive."""
    logs.configure(include=["caller"])
    structlog_processor.contextvars.bind_contextvars(session="s")
    log = structlog_processor.get_logger().bind(strategy=7)
    log.info("Order filled", price=1.5, category="trade")
    log.warning("Slow %s", "answer", logger="feed", level="ignored")
    try:
        {}["price"]
    except KeyError:
        log.exception("Ticker is incomplete")
    log.info("stack", stack_info=True)

    filled, slow, failed, stacked = logs.records()
    assert (filled["module"], filled["level"], filled["category"]) == ("structlog", "INFO", "trade")
    assert (filled["session"], filled["strategy"], filled["price"]) == ("s", 7, 1.5)
    assert filled["caller"]["function"] == "test_our_structlog_processor_submits_events"
    assert (slow["module"], slow["message"], slow["level"]) == ("feed", "Slow answer", "WARNING")
    assert (failed["level"], failed["exception"]["type"]) == ("ERROR", "KeyError")
    assert stacked["stack_info"].splitlines()[-1].strip().startswith("log.info(")
    assert [record["message"] for record in logs.records("trades.log")] == ["Order filled"]


def test_our_structlog_processor_follows_configured_levels(logs: "Logs", structlog_processor: Any) -> None:
    """The levels of `configure()` hold for structlog's loggers by name, and change at once."""
    logs.configure(default_level="INFO", loggers={"quiet": "ERROR"})
    log = structlog_processor.get_logger()
    log.debug("no")
    log.info("no", logger="quiet")
    log.info("1")
    logs.configure(default_level="DEBUG")
    log.debug("2")

    assert logs.messages() == ["1", "2"]


def test_our_structlog_processor_needs_no_configuration(run_python: Any) -> None:
    """Named as a processor and nothing else: the first event starts the pipeline."""
    pytest.importorskip("structlog")
    done = run_python(
        """
        import structlog
        from metaexpert.logger.structlog import PipelineProcessor

        structlog.configure(processors=[PipelineProcessor("bot")])
        structlog.get_logger().info("Order filled", price=1.5)
        """,
        env={"METAEXPERT_LOG__HANDLERS__CONSOLE": "none"},
    )

    (record,) = done.records()
    assert (record["module"], record["message"], record["price"]) == ("bot", "Order filled", 1.5)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_an_event_that_is_rendered_already_is_the_message(
    logs: "Logs", structlog_processor: Any, as_bytes: bool
) -> None:
    """With `JSONRenderer` left before our processor, log calls make records and do not raise."""

    def as_json(event: Any, default: Any) -> str | bytes:
        text = json.dumps(event, default=default)
        return text.encode() if as_bytes else text

    last = structlog_processor.get_config()["processors"][-1]
    rendering = structlog_processor.processors.JSONRenderer(serializer=as_json)
    structlog_processor.configure(processors=[rendering, last])
    structlog_processor.get_logger().error("Order filled", symbol="BTCUSDT")

    (record,) = logs.records()
    assert (record["module"], record["level"]) == ("structlog", "ERROR")
    assert json.loads(record["message"]) == {"event": "Order filled", "symbol": "BTCUSDT"}


def test_our_structlog_processor_reports_a_bad_setting_once(run_python: Any) -> None:
    """The program goes on; stderr says what is wrong with which variable."""
    pytest.importorskip("structlog")
    done = run_python(
        """
        import structlog
        from metaexpert.logger.structlog import PipelineProcessor

        structlog.configure(processors=[PipelineProcessor()])
        structlog.get_logger().info("1")
        structlog.get_logger().info("2")
        print("trading goes on")
        """,
        env={"METAEXPERT_LOG__DEFAULT_LEVEL": "LOUD"},
    )

    assert done.stdout == "trading goes on\n"
    assert done.stderr.count("METAEXPERT_LOG__DEFAULT_LEVEL") == 1


def test_uvicorn_s_configuration_is_obeyed(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """Its `LOGGING_CONFIG` applied after ours: its loggers write as uvicorn wants, ours as before."""
    uvicorn = pytest.importorskip("uvicorn.config")
    logs.configure()
    logs.logger.info("before")
    logging.config.dictConfig(uvicorn.LOGGING_CONFIG)
    logging.getLogger("uvicorn.error").info("Started")
    logs.logger.info("after", price=1.5)

    assert "Started" in capsys.readouterr().err
    assert logs.messages() == ["before", "after"]


ONE_REQUEST = """
    import socket
    import threading
    import urllib.request

    import uvicorn

    from metaexpert.logger import configuration, configure, get_logger

    configure(handlers={"console": None})


    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"yes"})


    def serve_one_request(config):
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=server.run, args=([listening],))
            thread.start()
            urllib.request.urlopen(f"http://127.0.0.1:{listening.getsockname()[1]}/orders").close()
            server.should_exit = True
            thread.join()
"""


def assert_request_recorded_once(done: "Outcome") -> None:
    """Check that the pipeline has the request that uvicorn served, and the end of its server, once."""
    messages = done.messages()
    assert sum('"GET /orders HTTP/1.1" 200' in message for message in messages) == 1
    assert sum("Finished server process" in message for message in messages) == 1


def test_uvicorn_without_a_configuration_is_on_record(run_python: Callable[..., "Outcome"]) -> None:
    """With `log_config=None` it leaves the loggers alone: they propagate, and no one is unseen."""
    pytest.importorskip("uvicorn")
    done = run_python(
        ONE_REQUEST
        + """
    serve_one_request(uvicorn.Config(answer, log_config=None, lifespan="off"))
    print(configuration().describe())
    """
    )

    assert "cannot see" not in done.stdout
    assert_request_recorded_once(done)


def test_uvicorn_s_loggers_are_on_record_once_they_are_ours(run_python: Callable[..., "Outcome"]) -> None:
    """With its own configuration they do not propagate, which `describe()` says; `get_logger` gets a copy."""
    pytest.importorskip("uvicorn")
    done = run_python(
        ONE_REQUEST
        + """
    config = uvicorn.Config(answer, lifespan="off")
    print(configuration().describe())
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error"):
        get_logger(name)
    assert "cannot see" not in configuration().describe()
    serve_one_request(config)
    """
    )

    assert "# cannot see uvicorn, uvicorn.access, uvicorn.error, which do not propagate" in done.stdout
    assert_request_recorded_once(done)
    assert "GET /orders" in done.stdout


def test_django_s_configuration_is_obeyed(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """Its `DEFAULT_LOGGING` applied after ours: django's own loggers propagate to us, too, where they may."""
    pytest.importorskip("django")
    django_log = pytest.importorskip("django.utils.log")
    from django.conf import settings

    if not settings.configured:
        settings.configure(DEBUG=True)
    logs.configure()
    logging.config.dictConfig(django_log.DEFAULT_LOGGING)
    logging.getLogger("django.request").warning("Not Found: /orders")
    logging.getLogger("django.server").info("does not propagate")
    logs.logger.info("ours", price=1.5)

    assert "Not Found: /orders" in capsys.readouterr().err
    assert logs.messages() == ["Not Found: /orders", "ours"]


def test_loguru_can_send_into_logging(logs: "Logs") -> None:
    """A loguru sink that hands on to `logging`, as its documentation has it, reaches the pipeline."""
    loguru = pytest.importorskip("loguru")

    class Propagate(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logging.getLogger(record.name).handle(record)

    logs.configure()
    number = loguru.logger.add(Propagate(), format="{message}")
    try:
        loguru.logger.bind(price=1.5).warning("Order filled")
    finally:
        loguru.logger.remove(number)

    record = logs.last()
    assert (record["message"], record["level"]) == ("Order filled", "WARNING")
    assert record["extra"] == {"price": 1.5}


def test_a_module_that_needs_structlog_says_so() -> None:
    """Importing the processor's module alone needs no structlog; making a processor does."""
    import metaexpert.logger.structlog as module

    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "structlog"}
    sys.modules["structlog"] = None  # type: ignore[assignment]
    try:
        with pytest.raises(ImportError, match="structlog"):
            module.PipelineProcessor()
    finally:
        del sys.modules["structlog"]
        sys.modules.update(hidden)
