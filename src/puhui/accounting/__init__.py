"""Posting rules: the only place that knows both loans and accounts."""
