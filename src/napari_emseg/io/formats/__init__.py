"""Room: one module for each format in which stacks lie on disk."""
