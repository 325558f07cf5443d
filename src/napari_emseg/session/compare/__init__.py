"""Room: predictions compared with a truth, and with one another."""
