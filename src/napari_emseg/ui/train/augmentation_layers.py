"""Layers with augmented patches, beside the image that they are made from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from napari_emseg.core.train.mosaic import mosaic
from napari_emseg.io.layer_metadata import PREVIEW, LayerMetadata
from napari_emseg.ui.background.idle_queue import IdleQueue
from napari_emseg.ui.viewer.label_colors import MASK_COLORS, label_colors
from napari_emseg.ui.viewer.layers import add_unselected, geometry

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_emseg.core.train.patches import Batch

_LEAST, _MOST = -3.0, 3.0
"""Grey values that are shown, in standard deviations."""


class AugmentationLayers:
    """The grid of patches: images, masks over them, and on demand weights and known pixels.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers go.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: dict[str, Layer] = {}
        self._camera: tuple[Any, float] | None = None
        self._turns = IdleQueue()

    def show(
        self, batch: Batch, image: Image | None, *, weights: bool = False, known: bool = False
    ) -> None:
        """Show these patches, in place of those before; layer by layer.

        Parameters
        ----------
        batch : Batch
            Images, classes and weights.
        image : Image, optional
            The layer to stand beside.
        weights, known : bool
            Whether to show the weight map, and which pixels count.
        """
        pictures, classes, weight = batch
        if not self._shown:
            self._camera = None
        middle = pictures[..., pictures.shape[-1] // 2]
        place = _right_of(image)
        self._put("Augmented", mosaic(middle, _LEAST), **_GREY, **place)
        if weights:
            self._put("Augmented weights", mosaic(weight), colormap="viridis", **place)
        if known:
            self._put("Augmented known", mosaic((weight > 0).astype(np.uint8)), **_KNOWN, **place)
        self._put("Augmented mask", mosaic(classes), labels=True, **_MASK, **place)
        if not weights:
            self._drop("Augmented weights")
        if not known:
            self._drop("Augmented known")
        if self._camera is None:
            self._turns.want("look", self._look_at_all)

    def stop(self) -> None:
        """Show nothing more."""
        self._turns.cancel()

    def remove(self) -> None:
        """Take away all layers, and look where the person looked before."""
        self._drop(*_NAMES)
        self._turns.want("look", self._look_back)

    @property
    def _shown(self) -> bool:
        return any(layer in self._viewer.layers for layer in self._layers.values())

    def _put(self, name: str, data: np.ndarray, **about: Any) -> None:
        """One layer a turn: napari takes some hundredths of a second to add or remove it."""
        self._turns.want(name, partial(self._put_now, name, data, **about))

    def _put_now(self, name: str, data: np.ndarray, *, labels: bool = False, **about: Any) -> None:
        layer = self._layers.get(name)
        if layer is not None and layer in self._viewer.layers:
            layer.data = data
            return
        about |= {"name": name, "metadata": LayerMetadata(kind=PREVIEW).stored()}
        made = Labels(data, **about) if labels else Image(data, **about)
        self._layers[name] = made
        add_unselected(self._viewer, made)
        if labels:
            made.editable = False

    def _drop(self, *names: str) -> None:
        """Likewise; in place of what is still to be put there."""
        for name in names:
            self._turns.want(name, partial(self._drop_now, name))

    def _drop_now(self, name: str) -> None:
        layer = self._layers.pop(name, None)
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _look_at_all(self) -> None:
        camera = self._viewer.scene.camera
        self._camera = (camera.center, camera.zoom)
        self._viewer.reset_view()

    def _look_back(self) -> None:
        if self._camera is not None:
            center, zoom = self._camera
            self._viewer.scene.camera.center, self._viewer.scene.camera.zoom = center, zoom
            self._camera = None


_NAMES = ("Augmented", "Augmented weights", "Augmented known", "Augmented mask")
_GREY: dict[str, Any] = {"colormap": "gray", "contrast_limits": (_LEAST, _MOST)}
_KNOWN: dict[str, Any] = {"colormap": "gray", "contrast_limits": (0, 1)}
_MASK: dict[str, Any] = {"opacity": 0.4, "colormap": label_colors(MASK_COLORS)}


def _right_of(image: Image | None) -> dict[str, Any]:
    """Scale and place (Y, X) of what stands to the right of a layer."""
    if image is None:
        return {}
    about = geometry(image)
    width = image.data.shape[-1]
    corner = image.data_to_world((0,) * (image.ndim - 1) + (width * 1.05,))
    return {
        "scale": about["scale"][-2:], "units": about["units"][-2:], "translate": corner[-2:],
    }  # fmt: skip
