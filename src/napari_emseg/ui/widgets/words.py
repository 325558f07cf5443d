"""Numbers as a person reads them: the words of the sessions, for widgets."""

from __future__ import annotations

from napari_emseg.session.words import duration, left, plural, voxel

__all__ = ["duration", "left", "plural", "voxel"]
