"""Delinquency, five-tier category, stage and expected loss: pure functions over columns."""
