"""Room: models that others have made, brought into our form."""
