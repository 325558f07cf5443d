"""Room: a training from its first step to its model package."""
