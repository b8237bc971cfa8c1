"""What all benchmarks share: the loggers compared, the event they write, and how a figure is taken.

- `event`: the trade event, and the check that every line of a file is one, whole and once
- `loggers`: each logger under comparison, set up to write that event as JSON lines
- `calls`: the loops around a logger's call
- `rounds`: fresh processes, taking turns
- `report`: options, percentiles and tables
"""
