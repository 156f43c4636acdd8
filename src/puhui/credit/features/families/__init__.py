"""The families of features: a module each, a line a feature."""
