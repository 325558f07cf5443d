"""Room: brushes, edits, and the regions where correcting helps most."""
