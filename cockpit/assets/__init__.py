"""The asset store: models, voices and maps that are too large for the repository (DESIGN §8)."""
