"""Models that a user brings: added from a folder or a hub, made smaller, chosen."""
