"""Room: the models that a person has."""
