"""The engine's console and the host's records agree about the names of what only files need."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.processes import Outcome

SOURCE = Path(__file__).resolve().parents[2] / "crates/metaexpert-log/src/encode/run.rs"

STRATEGY = """
from metaexpert.expert import MetaExpert
from metaexpert.expert.market_data import generate_bars
from metaexpert.expert.market_data.feed import feed_of_bars
from metaexpert.expert.run.options import Overrides, overriding

expert = MetaExpert(exchange="binance", persist_state=False)

@expert.on_init(timeframe="1m")
def init():
    pass

@expert.on_bar
def bar(rates):
    if not expert.positions:
        expert.open_position("BUY", stop_loss=rates.close * 0.5)
    else:
        expert.modify_position(stop_loss=rates.close * 0.6)
        expert.close_position("BUY")

with overriding(Overrides(mode="backtest", feed=feed_of_bars(generate_bars(seed=7, count=50), "generated"))):
    expert.run()
"""


def names(constant: str) -> list[str]:
    """Return the names in a constant of the console's source, in order."""
    text = SOURCE.read_text()
    (value,) = re.findall(rf"^const {constant}: .*? = (.*?);$", text, re.MULTILINE | re.DOTALL)
    return re.findall(r'b"([a-z_.]+)"', value)


def test_what_the_console_leaves_to_the_files_is_in_the_files(
    run_python: Callable[..., "Outcome"],
) -> None:
    """A field that is renamed in the host alone would reappear on the console unnoticed."""
    outcome = run_python(STRATEGY)
    fields: dict[str, set[str]] = {}
    for record in outcome.records():
        fields.setdefault(record.get("event_name"), set()).update(record)
        if record.get("event_name") == "order.filled":
            assert record["module"] in names("HOST_LOGGERS")

    event, left_out = "", 0
    for name in names("LEFT_OUT"):
        if "." in name:
            event = name
        else:
            assert name in fields[event], f"{event} has no {name}"
            left_out += 1
    assert left_out > 20
    constant = {*names("CONSTANT"), *names("TIMEFRAME"), *names("SIMULATED_TIME"), *names("EVENT_NAME")}
    assert constant <= fields["order.filled"]
    assert constant - {"sim_time"} <= fields["expert.started"]
    assert not (outcome.stdout + outcome.stderr).count("notional")
