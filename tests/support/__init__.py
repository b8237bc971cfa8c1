"""Common parts of tests: builders, readers, clients, and the programs that tests start."""
