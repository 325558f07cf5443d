"""Room: what hardware is used, and why not more."""
