"""Room: what is told of the docks."""
