"""Files of contract rules, and the rules that exchanges have published."""

import json
import math
from importlib.resources import files

import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.model.contracts import DEFAULT_TIERS, MaintenanceTier
from metaexpert.expert.settings.contract_rules import contract_rules

FUTURES = {"exchange": "binance", "market_type": "futures", "contract_type": "linear"}

RULES = """
[BTCUSDT]
tick_size = 0.1
qty_step = 0.001
min_qty = 0.002
min_notional = 100
maintenance = [
    { up_to = 50_000, rate_pct = 0.4 },
    { up_to = 500_000, rate_pct = 0.5 },
    { rate_pct = 1.0, amount = 2_550 },
]
["ETH/USDT"]
tick_size = 0.01
"""


def written(tmp_path, text):
    """Write a file of rules."""
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_gives_a_symbol_its_rules(tmp_path):
    """What a table leaves out is no rule; without amounts the margin grows without a jump."""
    path = written(tmp_path, RULES)
    found = contract_rules("--rules", path, "BTCUSDT", **FUTURES)
    assert (found.tick_size, found.qty_step, found.min_qty, found.min_notional) == (0.1, 0.001, 0.002, 100)
    assert found.maintenance == (
        MaintenanceTier(50_000, 0.4, 0.0),
        MaintenanceTier(500_000, 0.5, pytest.approx(50.0)),
        MaintenanceTier(math.inf, 1.0, 2_550),
    )
    assert found.maintenance_of(50_000) == pytest.approx(200)
    assert found.maintenance_of(50_001) == pytest.approx(200.005)
    assert found.maintenance_of(1_000_000) == pytest.approx(7_450)
    other = contract_rules("--rules", path, "ETHUSDT", **FUTURES)
    assert (other.tick_size, other.qty_step, other.maintenance) == (0.01, None, DEFAULT_TIERS)


def test_json_says_the_same(tmp_path):
    """Exchanges write numbers as texts."""
    path = written(tmp_path, json.dumps({"BTCUSDT": {"tick_size": "0.10", "qty_step": "0.001"}}))
    found = contract_rules("--rules", path, "BTCUSDT", **FUTURES)
    assert (found.tick_size, found.qty_step) == (0.1, 0.001)


def test_all_bad_fields_are_told_at_once(tmp_path):
    """Each with its place and what it was."""
    path = written(
        tmp_path,
        """
        [BTCUSDT]
        tick_size = -1
        qty_step = nan
        min_qtty = 5
        maintenance = [{ up_to = 5, rate_pct = 100 }, { rate_pct = 1 }]
        [ETHUSDT]
        maintenance = [{ up_to = 5, rate_pct = 1 }, { up_to = 4, rate_pct = 1 }, { rate_pct = 1 }]
        [XRPUSDT]
        maintenance = [{ up_to = 5, rate_pct = 1 }]
        [ADAUSDT]
        maintenance = [{ up_to = 5, rate_pct = 2 }, { rate_pct = 1 }]
        """,
    )
    with pytest.raises(ArgumentError) as raised:
        contract_rules("--rules", path, "BTCUSDT", **FUTURES)
    message = str(raised.value)
    assert message.startswith(f"--rules {path}: ")
    for said in (
        "BTCUSDT.tick_size: Input should be greater than 0, was -1",
        "BTCUSDT.qty_step: Input should be a finite number",
        "BTCUSDT.min_qtty: Extra inputs are not permitted, was 5",
        "BTCUSDT.maintenance.0.rate_pct: Input should be less than 100, was 100",
        "up_to 4 comes after 5",
        "XRPUSDT.maintenance: Value error, must end with a tier without up_to",
        "rate_pct 1 comes after 2",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tick_size = 1", "tick_size: Input should be a valid dictionary or instance of Table, was 1"),
        ("[BTCUSDT", "is neither TOML nor JSON"),
        ('{"BTCUSDT": ', "is neither TOML nor JSON"),
        ("", "has no rules of BTCUSDT, only of: none"),
        ("[ETHUSDT]", "has no rules of BTCUSDT, only of: ETHUSDT"),
        ("a" * ((1 << 20) + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_without_rules_of_the_symbol_is_refused(tmp_path, text, said):
    """With what it is, and what it has."""
    path = written(tmp_path, text)
    with pytest.raises(ArgumentError) as raised:
        contract_rules("--rules", path, "BTCUSDT", **FUTURES)
    assert said in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    """As the user has written it."""
    with pytest.raises(ArgumentError, match=r"nowhere\.toml cannot be read: No such file"):
        contract_rules("--rules", str(tmp_path / "nowhere.toml"), "BTCUSDT", **FUTURES)


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx", "bitget", "kucoin"])
def test_published_rules_are_valid_and_say_of_when_they_are(exchange):
    """Each exchange has a table for Bitcoin in Tether."""
    text = files("metaexpert.expert.settings").joinpath("published", f"{exchange}.toml").read_text()
    assert "as_of = " in text
    for market_type in ("spot", "futures"):
        found = contract_rules(
            "--rules",
            "published",
            "BTCUSDT",
            exchange=exchange,
            market_type=market_type,
            contract_type="linear",
        )
        assert found.tick_size is not None
        assert found.qty_step is not None


def test_a_contract_of_binance_coin_m_is_100_dollars():
    """Orders are multiples of it, and volume is told in it."""
    found = contract_rules(
        "--rules", "published", "BTCUSD", exchange="binance", market_type="futures", contract_type="inverse"
    )
    assert (found.qty_step, found.contract_size) == (100, 100)


def test_a_symbol_that_is_not_published_is_named():
    """The user can write a file with its rules."""
    with pytest.raises(ArgumentError, match="published rules of binance linear has no rules of XYZUSDT"):
        contract_rules("--rules", "published", "XYZUSDT", **FUTURES)
