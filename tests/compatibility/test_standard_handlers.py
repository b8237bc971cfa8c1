"""The handlers of `logging.handlers`, concurrent.futures and multiprocessing, beside the pipeline."""

import logging
import logging.handlers
import multiprocessing
import pickle
import queue
import socketserver
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import PipelineHandler, get_logger, log_context
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome


def test_a_queue_and_its_listener_pass_whole_records(logs: "Logs", recorder: Recorder) -> None:
    """`QueueHandler` and `QueueListener` hand fields on; into the pipeline again they add no second copy."""
    logs.configure()
    records: queue.Queue[logging.LogRecord] = queue.Queue()
    handler = logging.handlers.QueueHandler(records)
    listener = logging.handlers.QueueListener(records, recorder, PipelineHandler())
    logging.root.addHandler(handler)
    listener.start()
    with log_context(task="t"):
        logs.logger.bind(b=1).info("Order %s", "filled", price=1.5)
        logging.getLogger("plain").warning("Slow", extra={"host": "h"})
    listener.stop()

    ours, plain = recorder.records
    assert (ours.getMessage(), ours.price, ours.b, ours.task) == ("Order filled", 1.5, 1, "t")  # type: ignore[attr-defined]
    assert (plain.getMessage(), plain.host) == ("Slow", "h")  # type: ignore[attr-defined]
    assert logs.messages() == ["Order filled", "Slow"]


def test_a_queue_in_front_of_the_pipeline_keeps_the_call_s_context(logs: "Logs") -> None:
    """A program that puts our handler behind a queue gets the fields of the call, not of the listener."""
    logs.configure()
    logging.root.handlers.clear()
    records: queue.Queue[logging.LogRecord] = queue.Queue()
    logging.root.addHandler(logging.handlers.QueueHandler(records))
    listener = logging.handlers.QueueListener(records, PipelineHandler())
    with log_context(task="t"):
        logs.logger.bind(b=1).info("Order filled", price=1.5)
    listener.start()
    listener.stop()

    (record,) = logs.records()
    assert (record["message"], record["task"], record["b"], record["price"]) == ("Order filled", "t", 1, 1.5)


def test_a_memory_handler_passes_records_on_in_order(logs: "Logs", recorder: Recorder) -> None:
    """Buffered until an error comes, then handed to its target; the pipeline has them at once."""
    logs.configure()
    memory = logging.handlers.MemoryHandler(100, logging.ERROR, recorder)
    logging.root.addHandler(memory)
    logs.logger.info("1", price=1.5)
    logs.logger.info("2")
    assert recorder.messages == []
    logs.logger.error("3")

    assert recorder.messages == ["1", "2", "3"]
    assert logs.messages() == ["1", "2", "3"]


def test_a_memory_handler_may_have_the_pipeline_as_target(logs: "Logs") -> None:
    """Our handler behind a `MemoryHandler` alone takes what it is handed, with the fields."""
    logs.configure()
    logging.root.handlers.clear()
    logging.root.addHandler(logging.handlers.MemoryHandler(100, logging.ERROR, PipelineHandler()))
    logs.logger.info("1", price=1.5)
    logs.logger.error("2")

    assert [(record["message"], record.get("price")) for record in logs.records()] == [
        ("1", 1.5),
        ("2", None),
    ]


def test_a_rotating_file_handler_writes_beside_us(logs: "Logs", tmp_path: Path) -> None:
    """Both files have every record, in the same order, while the foreign one rotates."""
    logs.configure()
    handler = logging.handlers.RotatingFileHandler(tmp_path / "theirs.log", maxBytes=400, backupCount=100)
    handler.setFormatter(logging.Formatter("%(number)d"))
    logging.root.addHandler(handler)
    for number in range(300):
        logs.logger.info("m", number=number)
    logging.root.removeHandler(handler)
    handler.close()

    files = sorted(tmp_path.glob("theirs.log*"), key=lambda path: -int(path.suffix.strip(".log") or 0))
    theirs = [int(line) for path in files for line in path.read_text().split()]
    assert len(files) > 1
    assert theirs == [record["number"] for record in logs.records()] == list(range(300))


def test_a_socket_handler_sends_whole_records(logs: "Logs") -> None:
    """What arrives unpickles to a record with the fields, without the library's help."""
    received: list[logging.LogRecord] = []

    class Receiver(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while header := self.rfile.read(4):
                data = self.rfile.read(struct.unpack(">L", header)[0])
                received.append(logging.makeLogRecord(pickle.loads(data)))

    logs.configure()
    with socketserver.TCPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        handler = logging.handlers.SocketHandler("127.0.0.1", server.server_address[1])
        logging.root.addHandler(handler)
        logs.logger.info("Order %s", "filled", price=1.5)
        logging.getLogger("plain").info("Slow", extra={"host": "h"})
        logging.root.removeHandler(handler)
        handler.close()
        thread.join(30)

    ours, plain = received
    assert (ours.getMessage(), ours.price, hasattr(ours, "fields")) == ("Order filled", 1.5, False)  # type: ignore[attr-defined]
    assert (plain.getMessage(), plain.host) == ("Slow", "h")  # type: ignore[attr-defined]
    assert logs.messages() == ["Order filled", "Slow"]


def test_threads_of_a_pool_log_in_their_own_order(logs: "Logs", recorder: Recorder) -> None:
    """With a foreign handler listening, each thread's records reach it and the pipeline in order, once."""
    logs.configure()
    logging.root.addHandler(recorder)

    def work(worker: int) -> None:
        log = get_logger(f"worker.{worker}").bind(worker=worker)
        for number in range(200):
            log.info("m", number=number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    records = logs.records()
    for worker in range(4):
        numbers = [record["number"] for record in records if record["worker"] == worker]
        seen = [each.number for each in recorder.records if each.worker == worker]  # type: ignore[attr-defined]
        assert numbers == seen == list(range(200))
    assert len(records) == 800


PROCESSES = """
    import logging
    import logging.handlers
    import multiprocessing
    import os

    from metaexpert.logger import configure, get_logger

    def work(number, records):
        if records is not None:
            logging.root.addHandler(logging.handlers.QueueHandler(records))
            logging.root.setLevel(logging.INFO)
        get_logger("worker").bind(worker=number).info("m %d", number, price=1.5)
        logging.getLogger("plain").info("p %d", number, extra={"host": "h"})

    def main(method):
        context = multiprocessing.get_context(method)
        configure(handlers={"console": None})
        logging.info("started")
        records = context.Queue() if method != "fork" else None
        listener = None
        if records is not None:
            listener = logging.handlers.QueueListener(records, *logging.root.handlers)
            listener.start()
        processes = [context.Process(target=work, args=(number, records)) for number in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0, process.exitcode
        if listener is not None:
            listener.stop()
        logging.info("ended")

    if __name__ == "__main__":
        main(os.environ["METHOD"])
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_worker_processes_are_on_record(method: str, run_python: Callable[..., "Outcome"]) -> None:
    """Records of spawned workers come through a queue, those of forked ones from their own pipeline; once."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform has no start method {method}")
    done = run_python(PROCESSES, env={"METHOD": method})

    files = sorted(path.name for path in (done.directory / "logs").glob("expert*.log"))
    records = [record for name in files for record in done.records(f"logs/{name}")]
    messages = sorted(record["message"] for record in records)
    assert messages == ["ended", "m 0", "m 1", "p 0", "p 1", "started"]
    by_message = {record["message"]: record for record in records}
    assert (by_message["m 1"]["worker"], by_message["m 1"]["price"]) == (1, 1.5)
    assert by_message["p 0"]["host"] == "h"
    assert len(files) == (3 if method == "fork" else 1)
