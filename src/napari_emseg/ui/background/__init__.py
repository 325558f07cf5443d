"""Room: work beside the window."""
