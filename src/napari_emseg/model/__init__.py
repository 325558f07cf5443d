"""Floor 3: the network, its training, its prediction and its saved form; the only floor that imports keras."""
