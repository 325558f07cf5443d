"""Room: what a model says of an image, and the layers that grow by it."""
