"""The catalogue, and what is derived from it."""
