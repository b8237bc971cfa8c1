"""The view of an expert's records names fields and events that these records really have."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from metaexpert.expert.host.record_view import RECORD_VIEW

if TYPE_CHECKING:
    from support.processes import Outcome

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


def test_what_the_console_leaves_to_the_files_is_in_the_files(
    run_python: Callable[..., "Outcome"],
) -> None:
    """A field that is renamed in the host alone would reappear on the console unnoticed."""
    outcome = run_python(STRATEGY)
    fields: dict[str, set[str]] = {}
    for record in outcome.records():
        fields.setdefault(record.get("event_name"), set()).update(record)
        if record.get("event_name") == "order.filled":
            assert record["module"] in RECORD_VIEW.loggers

    for event, left_out in RECORD_VIEW.left_out.items():
        assert set(left_out) <= fields[event], f"{event} has not all of {left_out}"
    assert len(RECORD_VIEW.left_out) == 6
    constant = {*RECORD_VIEW.constant, *RECORD_VIEW.constant_before_time, RECORD_VIEW.event_field}
    assert {*constant, RECORD_VIEW.time} <= fields["order.filled"]
    assert constant <= fields["expert.started"]
    assert not (outcome.stdout + outcome.stderr).count("notional")
