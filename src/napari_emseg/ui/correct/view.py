"""The viewer, as the logic of *Correct* knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_emseg.core.correct.review_regions import ReviewRegion
from napari_emseg.io.layer_metadata import PREVIEW, LayerMetadata, change_metadata, metadata_of
from napari_emseg.session.correct.view import ProbabilitySource
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.viewer import layers
from napari_emseg.ui.viewer.canvas_box import CanvasBox
from napari_emseg.ui.viewer.class_colors import class_names_of, dress
from napari_emseg.ui.viewer.go_to import go_to
from napari_emseg.ui.viewer.label_colors import label_colors, same_colors
from napari_emseg.ui.viewer.predictions import newest_probability, results_of_shape

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from napari.components import ViewerModel

    from napari_emseg.core.correct.edits import Edits
    from napari_emseg.session.painting.edit_tracker import EditTracker
    from napari_emseg.session.painting.labels import LabelsLayer


FRAME_PX = 32
"""Edge of the frame around a place to look at."""

PLACE_PX = 64
"""Edge of what is to be seen around a place where cells meet."""

SIDE_COLORS = {None: "transparent", 0: "transparent", 1: "#ff9d00", 2: "#00b4ff"}
"""Of the two sides of a cut."""

_SURROUNDINGS = 2
"""How many times as much is to be seen, at the least."""


class ViewerForCorrecting:
    """A `napari_emseg.session.correct.view.CorrectView` over a viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._frame = CanvasBox(viewer, "emseg_region")
        self._sides: Labels | None = None
        viewer.dims.events.current_step.connect(self._frame.hide)

    def stop(self) -> None:
        """Frame nothing any more, and show no cut."""
        self.hide_sides()
        self._viewer.dims.events.current_step.disconnect(self._frame.hide)
        self._frame.stop()

    def holds(self, labels: LabelsLayer) -> bool:
        """As `CorrectView.holds`."""
        return labels.key in self._viewer.layers

    def select(self, labels: LabelsLayer) -> None:
        """As `CorrectView.select`."""
        self._viewer.layers.selection.active = _native(labels)

    def bring_up(self, labels: LabelsLayer, instead_of: LabelsLayer | None = None) -> None:
        """As `CorrectView.bring_up`."""
        layer = _native(labels)
        others = [] if instead_of is None else [_native(instead_of)]
        if not layer.visible:
            layer.visible = True
            others += results_of_shape(self._viewer, layer.data.shape)
        for other in others:
            if other is not layer:
                other.visible = False
        self.select(labels)

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

    def note_predicted(
        self, labels: LabelsLayer, prediction: LabelsLayer, slices: Collection[int]
    ) -> None:
        """As `CorrectView.note_predicted`."""
        layer, known = _native(labels), metadata_of(_native(prediction))
        ours = metadata_of(layer)
        if ours is None or ours.predicted is None:
            return
        filled = None if known is None else known.predicted
        if filled is None and len(slices) == labels.shape[0]:
            change_metadata(layer, predicted=None)  # what nobody knows of one, nobody of the other
            return
        taken = {z for z in slices if filled is None or z in filled}
        change_metadata(layer, predicted=tuple(sorted(taken.union(ours.predicted))))

    def show_region(self, image: Any, z: int, region: ReviewRegion) -> None:
        """As `CorrectView.show_region`."""
        if image in self._viewer.layers:
            at = z, region.y, region.x
            world = go_to(self._viewer, image, at, size_px=_SURROUNDINGS * FRAME_PX)
            self._frame.show(world, FRAME_PX * abs(float(image.scale[-1])))

    def probability_of(self, labels: LabelsLayer) -> ProbabilitySource | None:
        """As `CorrectView.probability_of`."""
        layer = _native(labels)
        found = newest_probability(self._viewer, layer)
        if found is None:
            return None
        about = metadata_of(found) or LayerMetadata()
        return ProbabilitySource(found.data, found.name, about.model, layers.voxel_size_of(found))

    def show_place(self, labels: LabelsLayer, place: tuple[int, int, int]) -> None:
        """As `CorrectView.show_place`."""
        layer = _native(labels)
        world = go_to(self._viewer, layer, place, size_px=_SURROUNDINGS * PLACE_PX)
        self._frame.show(world, FRAME_PX * abs(float(layer.scale[-1])))

    def show_sides(
        self, labels: LabelsLayer, sides: np.ndarray[Any, Any], first_slice: int
    ) -> None:
        """As `CorrectView.show_sides`."""
        self.hide_sides()
        layer = _native(labels)
        place = layers.geometry(layer)
        place["translate"] = layer.data_to_world((first_slice, 0, 0))
        self._sides = Labels(
            sides, name="Two sides", opacity=0.6, colormap=label_colors(SIDE_COLORS),
            metadata=LayerMetadata(kind=PREVIEW).stored(), **place,
        )  # fmt: skip
        self._sides.editable = False
        layers.add_unselected(self._viewer, self._sides)

    def hide_sides(self) -> None:
        """As `CorrectView.hide_sides`."""
        sides, self._sides = self._sides, None
        if sides is not None and sides in self._viewer.layers:
            self._viewer.layers.remove(sides)


def _correction_of(other: Labels, edits: Edits) -> LayerMetadata:
    """What corrected labels say of themselves: of what image they are, and what they hold."""
    known = metadata_of(other) or LayerMetadata()
    return LayerMetadata(
        source=known.source, kind=known.kind, edits=edits, class_names=known.class_names,
        predicted=(),
    )  # fmt: skip


def _native(labels: LabelsLayer) -> Any:
    return labels.key
