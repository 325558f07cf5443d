"""Floor 5: what a person is doing, as evented state and actions; no window, no network."""
