"""Proof: an append-only Merkle log, signed checkpoints, and a verifier that needs nothing of ours to be trusted."""
