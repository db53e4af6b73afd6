"""What people and programs run: the command line, the relay. They never import the engine."""
