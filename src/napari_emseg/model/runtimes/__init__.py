"""Room: what runs a network, and the forms that each needs."""
