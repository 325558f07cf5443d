"""Room: volumes in blocks: which there are, what each writes, and what it must read for that."""
