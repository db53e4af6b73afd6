"""Reads the user's tree: which files, their text, what changed. Knows nothing of chunks or of an index."""
