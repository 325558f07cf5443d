"""Room: docks in the window of napari: as tabs of one another, and how they close."""
