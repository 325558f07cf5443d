"""Room: cells of a volume: fragments of its slices, their graph, and what belongs together."""
