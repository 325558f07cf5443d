"""Cells as surfaces: shown in 3-D, and written for other programs."""
