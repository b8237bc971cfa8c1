"""The paper account that is kept from run to run."""

import json

import pytest

from metaexpert.expert import ExpertError, MetaExpert
from metaexpert.expert.market_data.feed import feed_of_bars
from metaexpert.expert.run.options import Overrides, overriding
from metaexpert.expert.run.state import SavedState, load_state, save_state
from metaexpert.expert.venue.protocol import VenueState
from support.expert_harness import START, bar


def trader():
    """An expert that buys 1 in its first bar ever and counts its runs."""
    expert = MetaExpert(exchange="binance", log_to_console=False)
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)

    @expert.on_bar
    def decide(rates):
        if not expert.state.get("bought"):
            expert.open_position("BUY")
            expert.state["bought"] = True

    @expert.on_deinit
    def count():
        expert.state["runs"] = expert.state.get("runs", 0) + 1

    return expert


def run(expert, first, count, mode="paper"):
    """Run on bars whose price is 100 at minute 0 and rises by 1 a minute."""
    feed = feed_of_bars([bar(first + i, 100.0 + first + i) for i in range(count)], "test")
    with overriding(Overrides(mode=mode, feed=feed)):
        return expert.run()


def test_paper_account_goes_on_where_it_stopped(fresh_logging, tmp_path):
    """The second run has the first one's position, its balance and the strategy's state."""
    first = run(trader(), 0, 5)
    assert first.open_positions == 1
    second_expert = trader()
    second = run(second_expert, 5, 5)
    assert (second.open_positions, second.fills) == (1, 0)
    assert second.initial_capital == first.final_balance
    assert second.final_equity == pytest.approx(first.final_balance + (109 - 101))
    assert second_expert.state == {"bought": True, "runs": 2}


def test_backtest_neither_reads_nor_writes_state(fresh_logging, tmp_path):
    """A backtest starts from nothing, and leaves a paper account's file alone."""
    run(trader(), 0, 5)
    before = (tmp_path / "state.json").read_bytes()
    result = run(trader(), 5, 5, mode="backtest")
    assert result.fills == 2
    assert (tmp_path / "state.json").read_bytes() == before


def test_older_data_starts_afresh(fresh_logging, tmp_path):
    """Replaying data from before the saved moment does not put later positions into it."""
    run(trader(), 10, 5)
    result = run(trader(), 0, 5)
    assert (result.initial_capital, result.fills) == (10_000.0, 1)


def test_file_is_complete_json(fresh_logging, tmp_path):
    """The file names strategy, symbol and time, and nothing temporary is left beside it."""
    run(trader(), 0, 5)
    document = json.loads((tmp_path / "state.json").read_text())
    assert document["symbol"] == "BTCUSDT"
    assert document["positions"][0]["side"] == "BUY"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 99}', '{"version": 1}', '{"version": 1, "sim_time": 5}']
)
def test_damaged_file_is_told(tmp_path, text):
    """A file that is no state stops the run with a way out, rather than trading on half an account."""
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(ExpertError, match="move it away to start afresh"):
        load_state(path)


def test_missing_file_is_a_fresh_start(tmp_path):
    """No file, no state."""
    assert load_state(tmp_path / "state.json") is None


def test_state_that_is_no_json_keeps_the_old_file(tmp_path):
    """A set in expert.state cannot be saved; what was saved before stays."""
    path = tmp_path / "state.json"
    account = VenueState(100.0, [], [], 5)
    fine = SavedState(START, 1, "BTCUSDT", "USDT", account, {"a": 1})
    save_state(path, fine)
    with pytest.raises(ExpertError, match=r"expert.state must hold JSON values"):
        save_state(path, SavedState(START, 1, "BTCUSDT", "USDT", account, {"a": {1, 2}}))
    assert load_state(path) == fine
