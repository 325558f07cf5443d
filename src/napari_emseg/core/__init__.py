"""Floor 2: pure functions over numpy arrays; no keras, no window, no files."""
