"""Whether a person has edited a labels layer: the one place where predictions ask for it.

The truth is the tracker's: `napari_emseg.core.correct.edits.Edits`, in the layer's metadata, kept
in step with strokes and undo by whoever follows the layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_emseg.core.correct.edits import Edits
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.ui.painting.edit_tracker import LayerEdits

if TYPE_CHECKING:
    from napari.layers import Labels


class EditWatch:
    """Answers for one layer; it follows the layer itself where nobody else does.

    Parameters
    ----------
    layer : Labels
        Of two or three axes, as nobody has edited it yet.
    """

    def __init__(self, layer: Labels) -> None:
        self._layer, self._data = layer, layer.data
        self._tracker = LayerEdits(layer) if self._edits is None else None

    @property
    def is_edited(self) -> bool:
        """Whether a label is another than it was filled with, or a person vouches for a slice."""
        if self._layer.data is not self._data:
            return True
        edits = self._edits
        if edits is None:
            return False
        return bool(edits.reviewed) or any(self._is_touched(edits, z) for z in edits.edited)

    def forget(self, z: int) -> None:
        """Slice ``z`` was filled anew: nothing in it is a person's."""
        edits = self._edits
        if edits is not None and edits.of(z).shape is not None:
            edits.predict(z, None)

    @property
    def _edits(self) -> Edits | None:
        ours = metadata_of(self._layer)
        edits = None if ours is None else ours.edits
        return edits if isinstance(edits, Edits) else None

    def _is_touched(self, edits: Edits, z: int) -> bool:
        """Compare: a slice that was painted on counts as edited until somebody has looked."""
        labels = np.asarray(self._layer.data[z] if self._layer.ndim == 3 else self._layer.data)
        return bool(edits.of(z).touched(labels).any())
