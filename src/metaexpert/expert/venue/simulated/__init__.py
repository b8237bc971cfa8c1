"""The simulated venue a strategy trades at: its requests, its matching and its account.

`venue` takes the requests, `order_checks` decides on them, `matching` fills orders and `exits` says when a
position's protection takes it out, at each step of the `market`; `account` keeps the books in the arithmetic
of a contract, less `fees`. Nothing here reads files or calls a strategy's functions.
"""
