"""The only types that are serialised for clients, and their conversion."""
