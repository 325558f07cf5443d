"""Surfaces and outlines of cells, as other programs and the 3-D view take them."""
