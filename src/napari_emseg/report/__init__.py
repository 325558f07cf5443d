"""Floor 4: scores as pages, pictures and files to keep."""
