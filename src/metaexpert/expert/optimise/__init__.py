"""Optimisation: many backtests of one strategy with other parameters, on all cores or many machines.

`optimise` makes the passes, `walk_forward` tries the best ones on data that they have not seen.
"""

from metaexpert.expert.optimise.optimisation import Optimisation, optimise
from metaexpert.expert.optimise.parameters import Between
from metaexpert.expert.optimise.passes import Pass
from metaexpert.expert.optimise.walk import WalkForward, Window, walk_forward

__all__ = ["Between", "Optimisation", "Pass", "WalkForward", "Window", "optimise", "walk_forward"]
