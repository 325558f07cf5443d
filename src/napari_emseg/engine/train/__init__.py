"""Room: trainings as a person asks for them, and as they lie on disk."""
