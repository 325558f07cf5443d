"""Room: brushes, edits, and the places where correcting helps most."""
