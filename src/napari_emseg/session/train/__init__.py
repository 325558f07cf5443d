"""Room: a training as a person sets it up, and how it goes."""
