"""Files of cells that other programs read: surfaces, outlines, volumes for the browser."""
