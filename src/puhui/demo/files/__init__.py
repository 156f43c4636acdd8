"""The main job on real files: part of the people or firms to learn from, the rest decided, figures and pictures."""
