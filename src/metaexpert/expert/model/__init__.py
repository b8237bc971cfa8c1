"""The values of trading: bars, ticks, books, orders, fills, positions, accounts, contracts."""
