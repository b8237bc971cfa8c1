"""The ports of a run, and the errors when there is none."""

import pytest

from metaexpert.expert import ExpertError, MetaExpert
from support.expert_harness import minutes, run

SEVERAL = (
    "symbol of @expert.on_init(...) names 2: BTCUSDT, ETHUSDT; a simulation trades one, so name one there, "
    "or say which by --symbol or expert.run(..., symbol=SYMBOL)"
)


@pytest.fixture
def expert(fresh_logging):
    """An expert of two symbols that keeps no state."""
    made = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)
    made.on_init(symbol={"ETHUSDT", "BTCUSDT"}, timeframe="1m")(lambda: None)
    return made


@pytest.mark.parametrize("mode", ["backtest", "paper"])
def test_several_symbols_are_not_cut_to_one(expert, mode):
    """The strategy would trade a market that it has no data of."""
    with pytest.raises(ExpertError) as caught:
        run(expert, minutes(3), mode=mode)
    assert str(caught.value) == SEVERAL


def test_one_of_several_symbols_can_be_chosen(expert):
    """Who says which one knows that the others are not traded."""
    assert run(expert, minutes(3), symbol="BTCUSDT").symbol == "BTCUSDT"


def test_several_files_are_not_cut_to_one(expert):
    """Neither the first nor the last of them is what was asked for."""
    with pytest.raises(ExpertError) as caught:
        expert.run(mode="backtest", data=["a.csv", "b.csv"], symbol="BTCUSDT")
    assert str(caught.value) == (
        "data of expert.run(...) names 2 files: a.csv, b.csv; a simulation runs on one, so name one"
    )
