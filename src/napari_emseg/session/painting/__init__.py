"""Room: what a person has painted, and keeping it safe."""
