"""Dated law and policy with its source, and its evaluation as of any day."""
