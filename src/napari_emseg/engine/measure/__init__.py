"""Room: cells of a volume measured in blocks."""
