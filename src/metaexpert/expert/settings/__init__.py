"""The user's settings, checked: the arguments of `MetaExpert(...)` and of `on_init(...)`.

`arguments` has the checks themselves, `expert` and `strategy` the settings they make. Imports market data
and errors alone. The arguments of `expert.run(...)` and of the command line are in `run.options`.
"""
