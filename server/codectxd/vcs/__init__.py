"""Reads the user's history through git. Never writes, never takes git's index lock."""
