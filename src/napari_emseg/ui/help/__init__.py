"""Room: first steps, keys, and what is used of this machine."""
