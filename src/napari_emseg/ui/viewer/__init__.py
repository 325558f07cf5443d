"""Room: what we ask of napari's viewer and layers."""
