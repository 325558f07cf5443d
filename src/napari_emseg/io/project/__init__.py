"""Room: all of a person's work in one file."""
