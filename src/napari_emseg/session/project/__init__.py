"""Room: saving all of a person's work."""
