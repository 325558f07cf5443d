"""Room: undo, edit tracking, autosave and recovery of painted labels."""
