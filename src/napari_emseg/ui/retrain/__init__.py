"""Room: the panel *Retrain*."""
