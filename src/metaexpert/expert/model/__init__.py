"""What an expert trades in and with: bars, ticks, books, orders, positions, accounts, contracts."""
