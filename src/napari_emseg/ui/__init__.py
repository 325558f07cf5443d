"""Floor 5: what a person sees and does in napari."""

from napari_emseg.ui.background.garbage import put_off_collections

put_off_collections()
