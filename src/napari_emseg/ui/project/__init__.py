"""Room: all of a person's work saved, and back on the screen."""
