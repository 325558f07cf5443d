"""Room: models in their saved form, and the library of them."""
