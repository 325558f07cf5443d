"""Layers of probability, mask, cells and classes that grow beside their source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari.layers import Image, Labels

from napari_emseg.io.layer_metadata import LayerMetadata, change_metadata, metadata_of
from napari_emseg.ui.painting.edit_tracker import is_edited, tracker_of
from napari_emseg.ui.viewer.class_colors import class_looks
from napari_emseg.ui.viewer.label_colors import MASK_COLORS, label_colors, prepare_ids
from napari_emseg.ui.viewer.layers import geometry

if TYPE_CHECKING:
    import numpy as np
    from napari.components import ViewerModel
    from napari.layers import Layer

OPACITY = 0.4


class Source(Protocol):
    """The layer beside which another grows."""

    layer: Image

    @property
    def thickness_assumed(self) -> bool:
        """Whether the first edge length of its voxels is a guess."""

    @property
    def viewer(self) -> ViewerModel | None:
        """Where it is; None where that is gone."""

    def shows(self, z: int) -> bool:
        """Whether a person sees pixels of slice ``z``."""


class GrowingLayer(ABC):
    """A `napari_emseg.session.prediction.layers.GrowingLayer` over a layer of napari.

    Parameters
    ----------
    source : Source
        The image.
    kind : str
        ``probability``, ``mask``, ``cells`` or ``classes``.
    array : (Z, Y, X) array
        What is shown; a flat image's only slice as (Y, X).
    model : str
        Folder of the model; its name stands in that of the layer.
    made : float
        When it was predicted, in seconds since 1970.
    class_names : tuple of str
        What classes are called, membrane first.
    layer : Layer, optional
        One that shows the array already, where it was opened from a file.
    """

    def __init__(
        self,
        source: Source,
        kind: str,
        array: np.ndarray[Any, Any],
        *,
        model: str,
        made: float,
        class_names: tuple[str, ...] = (),
        layer: Layer | None = None,
    ) -> None:
        self._source, self._kind = source, kind
        self._data = array[0] if source.layer.ndim == 2 else array
        image = source.layer
        self._about = {
            "name": f"{image.name} [{Path(model).name}] {kind}",
            "metadata": LayerMetadata(
                source=image.name,
                model=model,
                kind=kind,
                made=made,
                thickness_assumed=source.thickness_assumed,
                class_names=class_names,
                predicted=(),
            ).stored(),
            **geometry(image),
        }
        self._class_names = class_names
        self._is_hidden = False
        self.layer = layer

    @property
    def is_shown(self) -> bool:
        """As `GrowingLayer.is_shown` of the session."""
        viewer = self._source.viewer
        return self.layer is not None and viewer is not None and self.layer in viewer.layers

    @property
    def is_removed(self) -> bool:
        """As `is_removed` there."""
        return self.layer is not None and not self.is_shown

    @property
    def is_edited(self) -> bool:
        """As `is_edited` there; nobody can edit an image."""
        return False

    def prepare(self) -> None:
        """As `prepare` there."""
        if self._kind == "cells":
            prepare_ids()

    def add(self) -> None:
        """As `add` there."""
        viewer = self._source.viewer
        if self.layer is None and viewer is not None:
            self.layer = self._add_to(viewer)

    def filled(self, z: int, *, whole: bool = True) -> None:
        """As `filled` there."""
        is_new = self.layer is None
        self.add()
        if self.layer is None:
            return
        if whole:
            _note_predicted(self.layer, z)
        if not is_new and self.layer.visible and self._source.shows(z):
            self.layer.refresh(extent=False, thumbnail=False)

    def draw_thumbnail(self) -> None:
        """As `draw_thumbnail` there."""
        if self.layer is not None:
            self.layer.refresh(extent=False, data_displayed=False, highlight=False)

    def open_eye(self, opened: bool) -> None:
        """As `open_eye` there."""
        if self.layer is not None:
            self.layer.visible = opened

    def hide(self) -> None:
        """As `hide` there."""
        if self.layer is not None and self.is_shown and self.layer.visible:
            self.layer.visible, self._is_hidden = False, True

    def show(self) -> None:
        """As `show` there."""
        if self.layer is not None and self._is_hidden:
            self.layer.visible, self._is_hidden = True, False

    def remove(self) -> None:
        """As `remove` there."""
        viewer = self._source.viewer
        if viewer is not None and self.layer is not None and self.is_shown:
            viewer.layers.remove(self.layer)

    @abstractmethod
    def _add_to(self, viewer: ViewerModel) -> Layer:
        """Add the layer, and what goes with its kind."""


class GrowingImage(GrowingLayer):
    """A probability."""

    def _add_to(self, viewer: ViewerModel) -> Layer:
        return viewer.add_layer(
            Image(self._data, contrast_limits=(0, 1), colormap="gray", visible=False, **self._about)
        )


class GrowingLabels(GrowingLayer):
    """Mask, cells or classes, until a person edits them."""

    @property
    def is_edited(self) -> bool:
        """As `is_edited` of the session's `GrowingLayer`; its tracker knows."""
        return isinstance(self.layer, Labels) and is_edited(self.layer)

    def filled(self, z: int, *, whole: bool = True) -> None:
        """As `filled` there."""
        if isinstance(self.layer, Labels):
            tracker_of(self.layer).rewritten(z)
        super().filled(z, whole=whole)

    def _add_to(self, viewer: ViewerModel) -> Layer:
        looks: dict[str, Any] = {}
        if self._kind == "mask":
            looks["colormap"] = label_colors(MASK_COLORS)
        elif self._class_names:
            looks = class_looks(self._class_names)
        layer = Labels(self._data, opacity=OPACITY, **looks, **self._about)
        viewer.add_layer(layer)
        tracker_of(layer)  # follows it from now on
        return layer


def _note_predicted(layer: Layer, z: int) -> None:
    """Note that a slice is filled as a whole."""
    known = metadata_of(layer)
    predicted = () if known is None or known.predicted is None else known.predicted
    if z not in predicted:
        change_metadata(layer, predicted=tuple(sorted((*predicted, z))))
