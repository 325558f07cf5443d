"""Room: segmenting stacks, one click after another."""
