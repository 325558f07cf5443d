"""A probability layer and a mask layer that grow beside their source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_emseg.core.config import MaskConfig
from napari_emseg.core.postprocess import to_mask
from napari_emseg.ui.layers import geometry, read_slice, stack_shape

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

    from napari_emseg.io.scratch import Scratch
    from napari_emseg.model.package import ModelPackage

MASK_OPACITY = 0.4
MASK_COLORS = {None: "orange", 0: "transparent", 1: "deepskyblue"}
"""Cell is blue, membrane stays bare, and what a person paints with another label shows too."""


class Prediction:
    """What one model says of one image layer, slice by slice.

    The worker writes probabilities into `out`, a file that the probability layer shows; the mask
    is made from it here. A mask that a person has edited is never written to again.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers go.
    image : Image
        The source.
    package : ModelPackage
        The model.
    scratch : Scratch
        Where the shared files lie.
    """

    def __init__(
        self, viewer: ViewerModel, image: Image, package: ModelPackage, scratch: Scratch
    ) -> None:
        self._viewer, self.image, self.model = viewer, image, str(package.folder)
        self._network = package.info.network
        self._data, self._scratch = image.data, scratch
        shape = stack_shape(image)
        self.source: np.memmap[Any, Any] = scratch.allocate(
            "source", shape, image.dtype, reserve=False
        )
        self.probability: np.memmap[Any, Any] = scratch.allocate(
            "probability", shape, np.float32, reserve=False
        )
        self.mask = np.zeros(shape, np.uint8)
        self.done: set[int] = set()
        self.threshold = 0.5
        self.probability_layer: Image | None = None
        self.mask_layer: Labels | None = None
        self._edited = False

    def show(self) -> None:
        """Add the probability layer; the mask layer follows with the first slice.

        Each takes the window some 0.1 s, so they are added at two different moments.
        """
        if self.probability_layer is None:
            self.probability_layer = self._viewer.add_image(
                self._as_source(self.probability),
                name=f"{self.image.name} probability",
                contrast_limits=(0, 1),
                colormap="gray",
                visible=False,
                **self._beside_source(),
            )

    def finish(self) -> None:
        """Draw the thumbnail; where no slice was finished take the probability layer away."""
        layer = self.probability_layer
        if not self.done and layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
        if self.mask_layer is not None:
            self.mask_layer.refresh(extent=False)

    @property
    def source_path(self) -> Path:
        """File with the slices to predict."""
        return Path(str(self.source.filename))

    @property
    def out_path(self) -> Path:
        """File that the worker writes probabilities to."""
        return Path(str(self.probability.filename))

    def serves(self, image: Image, model: str) -> bool:
        """Whether more slices of ``image`` may still be added to these layers."""
        layers = self._viewer.layers
        kept = all(
            layer is None or layer in layers for layer in (self.probability_layer, self.mask_layer)
        )
        same = image is self.image and image.data is self._data and model == self.model
        return same and kept and not self._edited

    def release(self) -> None:
        """Delete the shared files; a layer that shows one keeps its pixels until it is gone."""
        for path in (self.source_path, self.out_path):
            self._scratch.release(path)

    def copy_slices(self, slices: list[int]) -> None:
        """Put what the worker needs for ``slices`` where it reads; runs outside the GUI thread."""
        total = len(self.source)
        seen = sorted({near for z in slices for near in self._network.slices_seen(z, total)})
        self._scratch.reserve(self.source, seen)
        self._scratch.reserve(self.probability, slices)
        for z in seen:
            self.source[z] = read_slice(self.image, z)

    def accept(self, z: int) -> None:
        """Show slice ``z``, whose probability the worker has written."""
        self.done.add(z)
        if self._edited:
            return
        self.mask[z] = to_mask(self.probability[z], MaskConfig(self.threshold))
        if self.mask_layer is None:
            self._add_mask_layer()
        else:
            self._refresh()

    def set_threshold(self, threshold: float) -> bool:
        """Make the mask anew from the probability; False where a person has edited the mask."""
        if self._edited:
            return False
        self.threshold = threshold
        for z in self.done:
            self.mask[z] = to_mask(self.probability[z], MaskConfig(threshold))
        self._refresh()
        return True

    def _add_mask_layer(self) -> None:
        self.mask_layer = self._viewer.add_labels(
            self._as_source(self.mask),
            name=f"{self.image.name} mask",
            opacity=MASK_OPACITY,
            colormap=DirectLabelColormap(color_dict=MASK_COLORS),
            **self._beside_source(),
        )
        events = self.mask_layer.events
        for event in (events.paint, events.labels_update, events.data):
            event.connect(self._note_edit)

    def _as_source(self, stack: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The stack (Z, Y, X), or its only slice where the source is one."""
        return stack[0] if self.image.ndim == 2 else stack

    def _beside_source(self) -> dict[str, Any]:
        about = {"source": self.image.name, "model": self.model}
        return {"metadata": {"napari_emseg": about}, **geometry(self.image)}

    def _note_edit(self) -> None:
        self._edited = True

    def _refresh(self) -> None:
        for layer in (self.probability_layer, self.mask_layer):
            if layer is not None and layer.visible:
                layer.refresh(extent=False, thumbnail=False)
