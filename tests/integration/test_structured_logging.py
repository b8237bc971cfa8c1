"""T005: every component's records have one structure, from a program's first call to the file."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]


def test_a_program_s_records_are_structured(run_python: Run) -> None:
    """The example of the interface gives the records it promises, in the files it promises."""
    outcome = run_python("""
        import logging
        from metaexpert.logger import configure, get_logger, log_context

        configure({"default_level": "INFO", "log_file_path": "logs",
                   "handlers": {"console": {"level": "INFO", "format": "console"},
                                "file": {"level": "DEBUG", "format": "json", "filename": "expert.log"}}})
        log = get_logger(__name__)
        log.info("Order filled", symbol="BTCUSDT", price=50000.5, qty=0.1)
        log.info("Pair %s, %d bars", "BTC", 3, extra={"symbol": "BTCUSDT"})
        log.trade("Order filled", order_id=17, side="BUY")
        session = log.bind(strategy_id=1001)
        with log_context(symbol="BTCUSDT"):
            session.warning("High volatility", volatility=0.5)
        logging.getLogger("third.party").error("failed", extra={"code": 7})
    """)

    records = outcome.records()
    for record in records:
        assert list(record)[:4] == ["timestamp", "level", "module", "message"]
        del record["timestamp"]
    base = {"level": "INFO", "module": "__main__"}
    assert records == [
        {**base, "message": "Order filled", "symbol": "BTCUSDT", "price": 50000.5, "qty": 0.1, "seq": 1},
        {**base, "message": "Pair BTC, 3 bars", "symbol": "BTCUSDT", "seq": 2},
        {**base, "message": "Order filled", "category": "trade", "order_id": 17, "side": "BUY", "seq": 3},
        {
            **base,
            "level": "WARNING",
            "message": "High volatility",
            "symbol": "BTCUSDT",
            "strategy_id": 1001,
            "volatility": 0.5,
            "seq": 4,
        },
        {"level": "ERROR", "module": "third.party", "message": "failed", "code": 7, "seq": 5},
    ]
    assert [record["order_id"] for record in outcome.records("logs/trades.log")] == [17]
    assert outcome.messages("logs/errors.log") == ["failed"]
    assert [line.split()[-1] for line in outcome.stdout.splitlines() if "seq" in line] == []
    assert outcome.stdout.count("\n") == 5
    assert outcome.stderr == ""


def test_included_members_tell_run_thread_process_and_caller(run_python: Run) -> None:
    """`include` adds who made a record; one run has one id, another run another."""
    script = """
        import logging, os, threading
        from metaexpert.logger import configure, get_logger

        configure(include=["run_id", "thread_id", "process_id", "caller"], handlers={"console": None})
        log = get_logger("bot")

        def work():
            log.info("in thread", ident=threading.get_ident())
            logging.getLogger("plain").info("in thread", extra={"ident": threading.get_ident()})

        log.info("in main", ident=threading.get_ident(), pid=os.getpid())
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """
    first, second = run_python(script).records(), run_python(script).records()[3:]

    assert [record["message"] for record in first] == ["in main", "in thread", "in thread"]
    for record in first:
        assert record["thread_id"] == record["ident"]
        assert record["process_id"] == first[0]["pid"]
    assert len({record["thread_id"] for record in first}) == 2
    assert [record["caller"]["function"] for record in first] == ["<module>", "work", "work"]
    assert [record["caller"]["line"] for record in first] == [12, 9, 10]
    assert all(record["caller"]["file"].endswith("program.py") for record in first)
    assert len({record["run_id"] for record in first}) == 1
    assert len(second) == 3
    assert {record["run_id"] for record in first}.isdisjoint(record["run_id"] for record in second)


def test_nested_layout_is_the_log_entry(run_python: Run) -> None:
    """With the nested layout the file reads back as `LogEntry`s whose context holds the fields."""
    outcome = run_python("""
        from metaexpert.logger import configure, get_logger, read_log, flush
        configure(field_layout="nested", handlers={"console": None})
        get_logger("bot").info("m", price=1.5, level="mine")
        flush()
        (entry,) = read_log("logs/expert.log")
        print(entry.level, entry.module, entry.message, dict(entry.context))
    """)

    assert outcome.stdout == "INFO bot m {'price': 1.5, 'level': 'mine'}\n"


def test_exceptions_are_in_the_errors_file_with_their_traceback(run_python: Run) -> None:
    """ERROR and above are in `errors.log`, an exception with type, message and stacktrace."""
    outcome = run_python("""
        from metaexpert.logger import configure, get_logger
        configure(handlers={"console": None})
        log = get_logger("bot")
        log.warning("not here")
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception("failed", order_id=3)
        log.critical("worse")
    """)

    failed, worse = outcome.records("logs/errors.log")
    assert (failed["message"], failed["order_id"], worse["message"]) == ("failed", 3, "worse")
    assert (failed["exception"]["type"], failed["exception"]["message"]) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert "program.py" in failed["exception"]["stacktrace"]
    assert "exception" not in worse


def test_tasks_and_threads_keep_their_context_apart(run_python: Run) -> None:
    """A context is seen by its own task or thread alone, in the library's records and in plain ones."""
    outcome = run_python("""
        import asyncio, logging, threading
        from metaexpert.logger import configure, get_logger, log_context

        configure(handlers={"console": None})
        log, plain = get_logger("bot"), logging.getLogger("plain")

        async def trade(symbol):
            with log_context(symbol=symbol):
                for _ in range(5):
                    log.info(symbol)
                    await asyncio.sleep(0)
                    plain.info(symbol)

        async def main():
            await asyncio.gather(*(trade(f"S{n}") for n in range(4)))
            log.info("none")

        asyncio.run(main())

        def work(symbol):
            with log_context(symbol=symbol):
                for _ in range(50):
                    log.info(symbol)

        threads = [threading.Thread(target=work, args=(f"T{n}",)) for n in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        log.info("none")
    """)

    records = outcome.records()
    assert len(records) == 4 * 10 + 4 * 50 + 2
    for record in records:
        assert record.get("symbol", "none") == record["message"]


def test_a_value_s_own_code_never_stops_a_program(run_python: Run) -> None:
    """Hostile values leave notes; the program runs to its end with exit code 0 and every record written."""
    outcome = run_python("""
        from metaexpert.logger import configure, get_logger

        class Hostile:
            def __getattribute__(self, name): raise RuntimeError("hostile")
            def __str__(self): raise RuntimeError("hostile")

        class Lying(dict):
            def items(self): return 7
            def __len__(self): raise OSError

        class Endless:
            def __iter__(self):
                while True: yield self
            def __len__(self): return 3
            def __getitem__(self, index): return self

        deep = []
        for _ in range(100_000): deep = [deep]

        configure(handlers={"console": None})
        log = get_logger("bot")
        for value in (Hostile(), Lying(a=1), Endless(), deep, [Hostile()], {Hostile: Hostile()}):
            log.info("kept", value=value)
        log.info("done")
    """)

    assert outcome.messages() == ["kept"] * 6 + ["done"]
    assert outcome.stderr == ""


def test_other_formats_keep_one_record_on_one_line(run_python: Run) -> None:
    """Text, console and `%`-style formats neutralise what could break a line or drive a terminal."""
    outcome = run_python(r"""
        from metaexpert.logger import configure, get_logger
        nasty = "a\nb\x1b[2J\u202e\u2028\r"
        configure({"handlers": {"console": {"format": "text"},
                                "file": {"format": "%(levelname)s|%(name)s|%(message)s"}}})
        get_logger("bot").info(nasty, field=nasty)
        get_logger("bot").info("second")
    """)

    text = (outcome.directory / "logs/expert.log").read_text(encoding="utf-8")
    assert text.splitlines() == ["INFO|bot|" + r"a\nb\x1b[2J\u202e\u2028\r", "INFO|bot|second"]
    lines = outcome.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert "second" in lines[1]


def test_a_log_is_queried_with_nothing_but_json(run_python: Run) -> None:
    """Sums over `trades.log` agree with what the program did: numbers stay numbers."""
    outcome = run_python("""
        from metaexpert.logger import configure, get_logger
        configure(handlers={"console": None})
        log = get_logger("bot")
        for n in range(1000):
            log.trade("Order filled", order_id=n, qty=n / 8, price=100 + n)
    """)

    lines = (outcome.directory / "logs/trades.log").read_text().splitlines()
    fills: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert len(fills) == 1000
    assert sum(fill["qty"] * fill["price"] for fill in fills) == sum(n / 8 * (100 + n) for n in range(1000))
