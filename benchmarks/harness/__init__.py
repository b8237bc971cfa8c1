"""The common parts of all benchmarks: the compared loggers, the event that they write, and the way a figure
is taken.

- `event`: the trade event, and the check that every line of a file is one, whole and once
- `setups`: each peer, set up to write that event as JSON lines
- `loggers`: all compared loggers, with the way each takes fields and gives them back
- `programs`: the same loggers as separate programs, which have imported nothing else
- `calls`: the loops around a logger's call
- `shapes`: calls as they stand in traders' programs, each with what its line must have
- `corpus`: the log that readers are compared on, and the right answers about it
- `readers`: the compared readers, with the command of each for each query
- `commands`: whole commands, measured
- `following`: a reader that follows a log, shown records one by one
- `rounds`: fresh processes, taking turns
- `report`: options, percentiles and tables
"""
