"""A labels layer that grows slice by slice, until a person edits it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_emseg.core.correct.edits import Edits
from napari_emseg.types import OURS

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import DTypeLike


class ResultLayer:
    """Labels of a stack and the layer that shows them, which is added with the first slice.

    A layer that a person has edited, or reviewed, is never written to again.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layer goes.
    shape : tuple of int
        Of the stack (Z, Y, X).
    dtype : dtype
        Of the labels.
    flat : bool
        Show the only slice as an image (Y, X).
    **about
        Name, scale and what else the layer is made with.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        shape: tuple[int, int, int],
        dtype: DTypeLike,
        *,
        flat: bool,
        **about: Any,
    ) -> None:
        self._viewer, self._flat, self._about = viewer, flat, about
        self.data: np.ndarray[Any, Any] = np.zeros(shape, dtype)
        self.layer: Labels | None = None
        self._painted = False

    @property
    def edited(self) -> bool:
        """Whether a person has painted on the layer, or vouches for a slice of it."""
        ours = {} if self.layer is None else self.layer.metadata.get(OURS, {})
        edits = ours.get("edits")
        return self._painted or (isinstance(edits, Edits) and bool(edits.slices))

    @property
    def kept(self) -> bool:
        """Whether more slices may be added: nobody has edited or removed the layer."""
        return not self.edited and (self.layer is None or self.layer in self._viewer.layers)

    def put(self, z: int, labels: np.ndarray[Any, Any], *, draw: bool) -> None:
        """Take slice ``z`` (Y, X), where the layer is kept, and draw it where it is seen."""
        if not self.kept:
            return
        self.data[z] = labels
        if self.layer is None:
            self._add()
        elif draw and self.layer.visible:
            self.layer.refresh(extent=False, thumbnail=False)

    def show(self, visible: bool) -> None:
        """Open or close the eye of the layer."""
        if self.layer is not None:
            self.layer.visible = visible

    def draw_thumbnail(self) -> None:
        """Draw the thumbnail, which single slices leave as it is."""
        if self.layer is not None:
            self.layer.refresh(extent=False, data_displayed=False, highlight=False)

    def _add(self) -> None:
        data = self.data[0] if self._flat else self.data
        self.layer = self._viewer.add_labels(data, **self._about)
        events = self.layer.events
        for event in (events.paint, events.labels_update, events.data):
            event.connect(self._note_edit)

    def _note_edit(self) -> None:
        self._painted = True
