"""The fee of a fill, with and without a fee that the user names."""

import pytest

from metaexpert.expert.settings.expert import EXCHANGES
from metaexpert.expert.venue.simulated.fees import FeeSchedule, fee_schedule


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("market_type", ["spot", "futures"])
def test_every_exchange_has_fees(exchange, market_type):
    """Each exchange that `MetaExpert` takes has a schedule, in percent, where a maker pays no more."""
    fees = fee_schedule(exchange, market_type)
    assert 0 < fees.maker_pct <= fees.taker_pct <= 0.1


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_futures_cost_less_than_spot(exchange):
    """A future's schedule is not taken for spot, nor the other way round."""
    spot, futures = fee_schedule(exchange, "spot"), fee_schedule(exchange, "futures")
    assert futures.maker_pct < spot.maker_pct
    assert futures.taker_pct < spot.taker_pct


@pytest.mark.parametrize("fee_pct", [0.0, 0.3])
def test_named_fee_replaces_the_schedule(fee_pct):
    """What the user names, zero included, counts for makers and takers alike."""
    assert fee_schedule("okx", "spot", fee_pct) == FeeSchedule(fee_pct, fee_pct)
