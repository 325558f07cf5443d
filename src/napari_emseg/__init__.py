"""Membranes and cells in serial-section electron microscopy, segmented inside napari."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("napari-emseg")
except PackageNotFoundError:  # the source tree is on the path, but nothing is installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
