"""Scanners that read the outline of texts that are no programs: what has a name in them, and how far it reaches.

Each is a pure function from bytes to spans. It looks at lines or at single marks with patterns that cannot backtrack far, so
any text is read in time that grows with its length, and a text that is being typed is read as far as it goes.
"""
