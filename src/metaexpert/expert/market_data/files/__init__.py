"""Market data files: `load` recognises, checks and reads one of bars, trades or quotes."""
