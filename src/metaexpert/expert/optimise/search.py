"""The order in which values are tried: all of them, some at random, or those that Optuna asks for.

A search is a generator of batches. It is sent the scores of each batch, None for what has none, and higher
ones are better. What it asks for depends on the seed and the scores alone, not on how many cores there are.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.optimise.parameters import Between, Space, Value, Values

SEARCHES: Final = ("grid", "random", "optuna")
#: A grid beyond this needs another search: it would take days, and every pass is kept.
MAX_PASSES: Final = 100_000
DEFAULT_PASSES: Final = 100
#: How many passes Optuna is asked for at once: enough for the cores of one machine, few enough to learn.
OPTUNA_BATCH: Final = 10

Constraint = Callable[[Mapping[str, Value]], object]
Batches = Generator[list[Values], list[float | None], None]


def batches_of(
    search: str, space: Space, *, passes: int | None, seed: int, constraint: Constraint | None
) -> Batches:
    """Return the batches of a search; raises `ArgumentError` for what cannot be searched so."""
    if search == "grid":
        if passes is not None:
            raise ArgumentError("a grid makes all its passes; passes (--passes) is for random and optuna")
        return _at_once(_grid(space, constraint))
    wanted = DEFAULT_PASSES if passes is None else passes
    if not 1 <= wanted <= MAX_PASSES:
        raise ArgumentError(f"passes must be from 1 to {MAX_PASSES:,}, was {wanted}")
    if search == "random":
        return _at_once(_random(space, wanted, seed, constraint))
    return _optuna(space, wanted, seed, constraint)


def size_of(space: Space) -> int | None:
    """Return how many passes the grid of a space has; None for one with all numbers between two."""
    if any(isinstance(choices, Between) for choices in space.values()):
        return None
    return math.prod(len(choices) for choices in space.values() if not isinstance(choices, Between))


def _at_once(batch: list[Values]) -> Batches:
    yield batch


def _grid(space: Space, constraint: Constraint | None) -> list[Values]:
    size = size_of(space)
    if size is None:
        names = ", ".join(name for name, choices in space.items() if isinstance(choices, Between))
        raise ArgumentError(f"a grid needs single values of {names}: give a step, FROM:TO:STEP, or a list")
    if size > MAX_PASSES:
        raise ArgumentError(
            f"the grid has {size:,} passes, {MAX_PASSES:,} are the most; search at random or with optuna"
        )
    return [values for values in _products(space) if constraint is None or constraint(values)]


def _products(space: Space) -> Iterator[dict[str, Value]]:
    choices = [each for each in space.values() if not isinstance(each, Between)]
    return (dict(zip(space, values, strict=True)) for values in itertools.product(*choices))


def _random(space: Space, wanted: int, seed: int, constraint: Constraint | None) -> list[Values]:
    """Return different values, each as likely as any other; the whole grid if that is not more."""
    size = size_of(space)
    if size is not None and size <= wanted:
        return _grid(space, constraint)
    chance = random.Random(seed)
    found: dict[tuple[Value, ...], Values] = {}
    for _ in range(wanted * 50 + 1_000):
        values = {name: _drawn(choices, chance) for name, choices in space.items()}
        if constraint is None or constraint(values):
            found.setdefault(tuple(values.values()), values)
        if len(found) == wanted:
            break
    return list(found.values())


def _drawn(choices: tuple[Value, ...] | Between, chance: random.Random) -> Value:
    if isinstance(choices, Between):
        return chance.uniform(choices.low, choices.high)
    return choices[chance.randrange(len(choices))]


def _optuna(space: Space, wanted: int, seed: int, constraint: Constraint | None) -> Batches:
    """Ask Optuna's TPE sampler batch by batch; what it asks for again is answered without a pass."""
    optuna = _imported_optuna()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    known: dict[tuple[Value, ...], float | None] = {}
    # Small spaces are soon asked for again and again.
    for _ in range(max(1, math.ceil(wanted / OPTUNA_BATCH)) * 4):
        trials = [study.ask() for _ in range(OPTUNA_BATCH)]
        asked = [{name: _suggested(trial, name, each) for name, each in space.items()} for trial in trials]
        fresh: dict[tuple[Value, ...], Values] = {
            tuple(values.values()): values
            for values in asked
            if tuple(values.values()) not in known and (constraint is None or constraint(values))
        }
        batch = list(fresh.values())[: wanted - len(known)]
        if batch:
            scores = yield batch
            known |= {tuple(v.values()): score for v, score in zip(batch, scores, strict=True)}
        for trial, values in zip(trials, asked, strict=True):
            score = known.get(tuple(values.values()))
            failed = optuna.trial.TrialState.FAIL
            study.tell(trial, score, state=failed if score is None else None)
        if len(known) >= wanted:
            return


def _suggested(trial: Any, name: str, choices: tuple[Value, ...] | Between) -> Value:
    value: Value
    if isinstance(choices, Between):
        value = trial.suggest_float(name, choices.low, choices.high)
    elif _is_progression(choices):
        # As a number, so that Optuna knows which values are near each other.
        value = choices[trial.suggest_int(name, 0, len(choices) - 1)]
    else:
        value = trial.suggest_categorical(name, choices)
    return value


def _is_progression(choices: tuple[Value, ...]) -> bool:
    numbers = [each for each in choices if isinstance(each, (int, float)) and not isinstance(each, bool)]
    return len(numbers) == len(choices) > 1 and numbers == sorted(numbers)


def _imported_optuna() -> Any:
    try:
        optuna = import_module("optuna")
    except ModuleNotFoundError:
        raise ArgumentError(
            "search optuna needs optuna, which is not installed: pip install 'metaexpert[optimize]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
