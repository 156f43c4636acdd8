"""Whole-book jobs on columns: the night."""
