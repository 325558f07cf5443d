"""What lies under all that is written: whole files, or none."""
