"""What all benchmarks share: the loggers compared, the event they write, and how a figure is taken.

- `event`: the trade event, and the check that every line of a file is one, whole and once
- `setups`: each peer, set up to write that event as JSON lines
- `loggers`: all loggers under comparison, and how each takes fields and gives them back
- `programs`: the same as programs of their own, which have imported nothing else
- `calls`: the loops around a logger's call
- `rounds`: fresh processes, taking turns
- `report`: options, percentiles and tables
"""
