"""The simulated market a strategy trades in: its broker, its exchange and its account.

`simulated` takes the requests, `order_checks` and `entry_rules` decide on them with `sizing` and
`loss_limits`, `matching` fills orders and `exits` says when a position's protection takes it out, at each
step of the `market`; `account_book` keeps the books in the arithmetic of a `contract`, less `fees`.
Nothing here reads files or calls a strategy's functions.
"""
