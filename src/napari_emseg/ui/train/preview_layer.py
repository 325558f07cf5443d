"""A layer with what the network in training says of a validation slice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_emseg.io.layer_metadata import PREVIEW, LayerMetadata
from napari_emseg.types import Preview
from napari_emseg.ui.background.idle_queue import IdleQueue
from napari_emseg.ui.viewer.go_to import go_to_slice
from napari_emseg.ui.viewer.layers import add_unselected, geometry

if TYPE_CHECKING:
    from napari.components import ViewerModel

_NAME = "Training preview"


class TrainingPreview:
    """Adds the layer with the first preview of a training, and renews it with each further one.

    A layer that a person has removed does not come back in that training.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layer goes.
    turns : IdleQueue
        Adds it when nothing else takes the window's time.
    """

    def __init__(self, viewer: ViewerModel, turns: IdleQueue) -> None:
        self._viewer, self._turns = viewer, turns
        self._image: Image | None = None
        self.layer: Image | None = None

    def begin(self, image: Image | None) -> None:
        """A training on ``image`` begins; None where it is no layer of this window."""
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self._image, self.layer = image, None

    @property
    def has_place(self) -> bool:
        """Whether the stack that is learned from can be seen."""
        return self._image is not None and self._image in self._viewer.layers

    def go_to(self, preview: Preview) -> None:
        """Show the slice that was looked at."""
        if self._image is not None and self.has_place:
            go_to_slice(self._viewer, self._image, preview.z)

    def show(self, preview: Preview) -> None:
        """Show the newest preview, on its slice."""
        try:
            probability = np.load(preview.path)
        except (OSError, ValueError):  # the next one is just being moved there
            return
        if self.layer is None:
            self._turns.want(_NAME, partial(self._add, probability, preview))
        elif self.layer in self._viewer.layers:
            self.layer.data = self._in_place(probability)

    def _add(self, probability: np.ndarray, preview: Preview) -> None:
        self.layer = Image(
            self._in_place(probability), name=_NAME, contrast_limits=(0, 1), colormap="magma",
            opacity=0.6, metadata=LayerMetadata(kind=PREVIEW).stored(), **self._beside(preview.z),
        )  # fmt: skip
        add_unselected(self._viewer, self.layer)

    def _in_place(self, probability: np.ndarray) -> np.ndarray:
        """The slice (Y, X), with an axis more in a stack."""
        return probability if self._is_flat else probability[np.newaxis]

    @property
    def _is_flat(self) -> bool:
        return self._image is None or self._image.ndim == 2

    def _beside(self, z: int) -> dict[str, Any]:
        """Where the slice lies."""
        if self._image is None:
            return {}
        about = geometry(self._image)
        if not self._is_flat:
            about["translate"] = self._image.data_to_world((z, 0, 0))
        return about
