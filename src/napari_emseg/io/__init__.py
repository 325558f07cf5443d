"""Floor 1: files and arrays; readers, writers and sample data."""
