"""Commands about strategies and their runs."""
