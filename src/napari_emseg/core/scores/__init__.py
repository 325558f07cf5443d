"""Room: how good a prediction is, and where it is wrong."""
