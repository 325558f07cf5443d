"""The viewer, as the logic of *Correct* knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_emseg.core.correct.review_regions import SQUARE_PX, ReviewRegion
from napari_emseg.io.layer_metadata import LayerMetadata, change_metadata, metadata_of
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.viewer import layers
from napari_emseg.ui.viewer.class_colors import class_names_of, dress
from napari_emseg.ui.viewer.go_to import go_to
from napari_emseg.ui.viewer.label_colors import same_colors

if TYPE_CHECKING:
    import numpy as np
    from napari.components import ViewerModel

    from napari_emseg.core.correct.edits import Edits
    from napari_emseg.session.painting.edit_tracker import EditTracker
    from napari_emseg.session.painting.labels import LabelsLayer


class ViewerForCorrecting:
    """A `napari_emseg.session.correct.view.CorrectView` over a viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer

    def holds(self, labels: LabelsLayer) -> bool:
        """As `CorrectView.holds`."""
        return labels.key in self._viewer.layers

    def select(self, labels: LabelsLayer) -> None:
        """As `CorrectView.select`."""
        self._viewer.layers.selection.active = _native(labels)

    def current_slice(self, labels: LabelsLayer) -> int:
        """As `CorrectView.current_slice`."""
        return layers.seen_slice(self._viewer, _native(labels))

    def require_seen_from_above(self, labels: LabelsLayer) -> None:
        """As `CorrectView.require_seen_from_above`."""
        layers.require_seen_from_above(self._viewer, _native(labels))

    def require_paintable(self, labels: LabelsLayer) -> None:
        """As `CorrectView.require_paintable`."""
        layers.require_paintable(_native(labels))

    def add_beside(
        self, labels: LabelsLayer, data: np.ndarray[Any, Any], name: str, edits: Edits
    ) -> EditTracker:
        """As `CorrectView.add_beside`."""
        other = _native(labels)
        layer = Labels(
            data if other.ndim == 3 else data[0],
            name=name,
            opacity=other.opacity,
            colormap=same_colors(other.colormap),
            features=other.features,
            metadata=_correction_of(other, edits).stored(),
            **layers.geometry(other),
        )
        self._viewer.add_layer(layer)
        other.visible = False  # its colours would lie over what is painted
        return tracker_of(layer)

    def name_classes(self, labels: LabelsLayer, names: tuple[str, ...]) -> None:
        """As `CorrectView.name_classes`."""
        layer = _native(labels)
        if class_names_of(layer) != names:
            change_metadata(layer, class_names=names)
        dress(layer, names)

    def show_region(self, image: Any, z: int, region: ReviewRegion) -> None:
        """As `CorrectView.show_region`."""
        if image in self._viewer.layers:
            go_to(self._viewer, image, (z, region.y, region.x), size_px=SQUARE_PX)


def _correction_of(other: Labels, edits: Edits) -> LayerMetadata:
    """What corrected labels say of themselves: of what image they are, and what they hold."""
    known = metadata_of(other) or LayerMetadata()
    return LayerMetadata(
        source=known.source, kind=known.kind, edits=edits, class_names=known.class_names
    )


def _native(labels: LabelsLayer) -> Any:
    return labels.key
