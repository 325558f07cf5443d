"""Room: what stands in tables, in which order."""
