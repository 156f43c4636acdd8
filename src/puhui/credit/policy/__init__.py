"""Policy as decision graphs: one person through zen, a whole population through Polars, the same answer."""
