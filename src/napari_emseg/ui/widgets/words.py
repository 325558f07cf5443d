"""Numbers as a person reads them; they stand with the sessions, which speak too."""

from __future__ import annotations

from napari_emseg.session.words import duration, left, plural, voxel

__all__ = ["duration", "left", "plural", "voxel"]
