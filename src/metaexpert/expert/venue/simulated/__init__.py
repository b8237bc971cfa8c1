"""A venue that fills orders at recorded prices: its matching and its account.

`venue` is what a run sees, by the port in `venue.protocol`. Behind it `matching` takes each step of the
`market` on straight ways; `touches` says what a way meets, among it the `exits` of positions, and `execution`
fills it. `account` keeps the books in the arithmetic of a contract, less `fees`. Nothing here writes records
or calls a strategy's functions.
"""
