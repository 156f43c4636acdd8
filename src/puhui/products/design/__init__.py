"""Plan design: for an amount, a place, a season of income and cash in hand, the plans that fit and are lawful."""
