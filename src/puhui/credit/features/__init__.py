"""Features: one definition for a whole population and for one party, as of an instant.

See `catalogue` for what there is, `compute` for how it is worked out, `forbidden` and `proxies` for what may not be.
"""
