"""Room: how well the cells of a volume agree with true ones, and where they are wrong."""
