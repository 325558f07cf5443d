"""Cells as surfaces: a layer each in the 3-D view, and files for other programs."""
