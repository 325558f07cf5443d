"""Room: whole files, or none: what lies under all that is written."""
