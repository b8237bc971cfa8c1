"""A venue that fills orders at recorded prices: its matching and its account.

`venue` is what a run sees, by the port in `venue.protocol`. Behind it `matching` fills orders at each step of
the `market`, `exits` says when a position's protection takes it out, and `account` keeps the books in the
arithmetic of a contract, less `fees`. Nothing here writes records or calls a strategy's functions.
"""
