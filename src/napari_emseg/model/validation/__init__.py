"""Room: how good a network is on what is held out."""
