"""Floor 5: what a person sees and does in napari."""
