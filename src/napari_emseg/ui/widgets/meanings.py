"""What labels may mean, in the words of the window."""

from __future__ import annotations

from napari_emseg.core.label_meaning import MEANINGS

__all__ = ["MEANINGS"]
