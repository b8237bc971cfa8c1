"""Venues, which take orders: `protocol` is the port that a run knows, `simulated` a venue behind it."""
