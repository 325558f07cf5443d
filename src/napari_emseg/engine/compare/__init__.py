"""Room: a volume scored against a true one in blocks."""
