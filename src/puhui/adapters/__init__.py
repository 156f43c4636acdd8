"""Doors to the outside: webhooks, keys."""
