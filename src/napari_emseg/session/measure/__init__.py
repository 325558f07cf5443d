"""Room: cells measured, and the tables of that."""
