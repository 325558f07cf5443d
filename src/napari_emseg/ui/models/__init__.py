"""Room: the window that lists the models."""
