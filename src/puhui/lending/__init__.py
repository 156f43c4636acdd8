"""The life of a loan: its facts, and its position, which is a fold over them."""
