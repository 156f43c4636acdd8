"""The general ledger: chart of accounts, immutable balanced entries, balances rolled up. Knows nothing of loans."""
