"""Room: cells of a volume, from a probability that is there or that a model gives."""
