"""Room: from probabilities to masks and cells, and the tiles in between."""
