"""codectxd: code search that is as fresh as the buffer being typed in.

Nothing is imported here: the command line must start without paying for the daemon's libraries.
"""

__version__ = "0.1.0"
