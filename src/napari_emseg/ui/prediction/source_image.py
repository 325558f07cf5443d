"""An image layer as a prediction sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_emseg.errors import ShapeError
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.ui.prediction.growing_layer import GrowingImage, GrowingLabels, GrowingLayer
from napari_emseg.ui.viewer.layers import (
    current_slice,
    read_slice,
    shows_slice,
    stack_shape,
    voxel_size_of,
)
from napari_emseg.ui.viewer.window import unwrapped

if TYPE_CHECKING:
    import numpy as np
    from napari.components import ViewerModel
    from napari.layers import Image, Layer
    from numpy.typing import DTypeLike

    from napari_emseg.types import VoxelSize


class LayerImage:
    """A `napari_emseg.session.prediction.layers.SourceImage` over a layer.

    It does not keep the viewer: predictions are kept for as long as their viewer is there.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layer is; or the proxy of it that a plugin is given.
    layer : Image
        The image, (Z, Y, X) or (Y, X).
    """

    def __init__(self, viewer: ViewerModel, layer: Image) -> None:
        self._viewer = ref(unwrapped(viewer))
        self.layer = unwrapped(layer)

    @property
    def viewer(self) -> ViewerModel | None:
        """Where the layer is; None where that is gone."""
        return self._viewer()

    @property
    def name(self) -> str:
        """Of the layer."""
        return str(self.layer.name)

    @property
    def shape(self) -> tuple[int, int, int]:
        """As `SourceImage.shape`."""
        return stack_shape(self.layer)

    @property
    def dtype(self) -> DTypeLike:
        """As `SourceImage.dtype`."""
        dtype: DTypeLike = self.layer.dtype
        return dtype

    @property
    def pixels(self) -> object:
        """As `SourceImage.pixels`."""
        return self.layer.data

    @property
    def is_shown(self) -> bool:
        """As `SourceImage.is_shown`."""
        return self.viewer is not None and self.layer in self.viewer.layers

    @property
    def here(self) -> int:
        """As `SourceImage.here`."""
        try:
            return 0 if self.viewer is None else current_slice(self.viewer, self.layer)
        except ShapeError:  # the viewer shows a place beside the image
            return 0

    @property
    def voxel_size_nm(self) -> VoxelSize | None:
        """As `SourceImage.voxel_size_nm`."""
        return voxel_size_of(self.layer)

    @property
    def thickness_assumed(self) -> bool:
        """As `SourceImage.thickness_assumed`."""
        about = metadata_of(self.layer)
        return self.layer.ndim == 2 or (about is not None and about.thickness_assumed)

    @property
    def notes(self) -> tuple[str, ...]:
        """As `SourceImage.notes`."""
        about = metadata_of(self.layer)
        return () if about is None else about.notes

    def slice(self, z: int) -> np.ndarray[Any, Any]:
        """As `SourceImage.slice`."""
        return read_slice(self.layer, z)

    def shows(self, z: int) -> bool:
        """Whether a person sees pixels of slice ``z``."""
        return self.viewer is not None and shows_slice(self.viewer, self.layer, z)

    def beside(
        self,
        kind: str,
        array: np.ndarray[Any, Any],
        *,
        model: str,
        made: float,
        class_names: tuple[str, ...] = (),
        layer: Layer | None = None,
    ) -> GrowingLayer:
        """As `SourceImage.beside`; over ``layer``, where that shows the array already."""
        growing = GrowingImage if kind == "probability" else GrowingLabels
        return growing(
            self, kind, array, model=model, made=made, class_names=class_names, layer=layer
        )
