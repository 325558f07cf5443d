"""Room: slices in, what a network says of them out."""
