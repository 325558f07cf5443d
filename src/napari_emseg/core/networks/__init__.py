"""Room: what a prediction must know of a network, of ours or of others."""
