"""Compare, without its window."""
