"""Time, processes and policy: what is done when, and by which process."""
