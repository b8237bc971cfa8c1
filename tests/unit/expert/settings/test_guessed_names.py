"""Facts about names that an expert does not have: the error leads to the one meant."""

from __future__ import annotations

import copy
import re

import pytest

from metaexpert.expert import Account, MetaExpert
from metaexpert.expert.settings.guessed_names import MEANT

GUESSED = [
    ("buy", 'use expert.open_position("BUY")'),
    ("enter_short", 'use expert.open_position("SELL"), or expert.close_position("BUY") to close a long'),
    ("closeAll", "use expert.close_all_positions()"),
    ("equity", "use expert.account.equity"),
    ("log", "use expert.logger"),
    ("on_candle", "use @expert.on_bar"),
    ("on_bars", 'did you mean "on_bar"?'),
    ("open_postion", 'did you mean "open_position"?'),
]


@pytest.fixture
def expert(fresh_logging: object) -> MetaExpert:
    """An expert without anything of a strategy's."""
    return MetaExpert("binance", log_to_console=False)


@pytest.mark.parametrize(("name", "advice"), GUESSED)
def test_a_guessed_name_is_refused_with_the_one_meant(name: str, advice: str, expert: MetaExpert) -> None:
    """What other libraries call something leads to what it is called here."""
    with pytest.raises(AttributeError) as caught:
        getattr(expert, name)
    assert str(caught.value) == f'MetaExpert has no attribute "{name}"; {advice}'


def test_other_names_are_refused_as_ever(expert: MetaExpert) -> None:
    """`hasattr`, defaults, names of the strategy's own and copies do what they do of any object."""
    expert.my_signal = 7  # type: ignore[attr-defined]
    assert expert.my_signal == 7  # type: ignore[attr-defined]
    assert not hasattr(expert, "zzz")
    assert getattr(expert, "buy", None) is None
    assert copy.copy(expert).my_signal == 7  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r'^MetaExpert has no attribute "zzz"$'):
        getattr(expert, "zzz")  # noqa: B009


def test_each_advice_names_what_there_is(expert: MetaExpert) -> None:
    """The table leads to nothing that the expert or its account lacks, and hides nothing that there is."""
    assert MEANT
    for meant in MEANT.values():
        for first, second in re.findall(r"expert\.(\w+)(?:\.(\w+))?", meant):
            assert first in dir(expert)
            assert not second or second in Account.__annotations__
    assert not set(MEANT) & {name.replace("_", "") for name in dir(expert) if name[0] != "_"}
