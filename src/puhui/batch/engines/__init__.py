"""Where shards run: on this machine now; their tasks are plain data, so that a cluster can take them later."""

from puhui.batch.engines.local import Engine, in_turn, threads

__all__ = ["Engine", "in_turn", "threads"]
