"""The fields of the dock *Measure*: what is measured, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit
from napari.layers import Image, Labels

from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.errors import SettingError
from napari_emseg.session.measure.session import MeasureSession
from napari_emseg.ui.stacks.stack_fields import StackFields
from napari_emseg.ui.viewer.class_colors import class_names_of
from napari_emseg.ui.viewer.layer_observer import LayerObserver
from napari_emseg.ui.viewer.predictions import newest_correction, newest_prediction, newest_truth
from napari_emseg.ui.viewer.window import unwrapped
from napari_emseg.ui.widgets.followed_choice import FollowedChoice
from napari_emseg.ui.widgets.forms import field_for, form_of, spare_width, wrapped_label

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.types import VoxelSize

_NONE: tuple[str, Any] = ("(none)", None)


class MeasureFields:
    """Cells, image and classes, and what a membrane is.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers are offered.
    session : MeasureSession
        Is told what is chosen.

    Attributes
    ----------
    form : Container
        All fields, below one another.
    cells : ComboBox
        Whoever listens to it calls `choose`.
    voxel_size : LineEdit
        Is seen where the layer does not know it.
    """

    def __init__(self, viewer: ViewerModel, session: MeasureSession) -> None:
        self._viewer, self._session = viewer, session
        self.cells = self._layer_field(
            "cells", "Cells", "Labels with an id for each cell, through the slices.", Labels
        )
        self.image = self._layer_field(
            "image", "Image", "For the mean grey value of each cell; may be left out.", Image
        )
        self.classes = self._layer_field(
            "classes", "Classes", "For the parts of each cell, such as mitochondria: 1 membrane, "
            "2 cell, 3 and more its parts; may be left out.", Labels,
        )  # fmt: skip
        self.sections = CheckBox(
            name="sections", label="Single sections",
            tooltip="The slices are single sections and no volume: a row a cell in a slice. A mask "
            "will do, too.",
        )  # fmt: skip
        self.voxel_size = LineEdit(
            name="voxel_size", label="Voxel [nm]",
            tooltip="Thickness of a section, height and width of a pixel, such as 50 4 4: the "
            "layer does not know them. Without them all is in px.",
        )  # fmt: skip
        self.widest = field_for(MeasureConfig, "widest_membrane_px")
        self.thickness = field_for(MeasureConfig, "thickness", label="Thickness of membranes")
        self.stack = StackFields(viewer, [self.cells, self.image, self.classes])
        self.said = wrapped_label("")
        self.form = form_of([
            self.cells, self.image, self.classes, *self.stack.widgets, self.voxel_size,
            self.sections, self.widest, self.thickness, self.said,
        ])  # fmt: skip
        self._followed = (
            FollowedChoice(self.cells, lambda: _newest_cells(viewer), is_led=False),
            FollowedChoice(self.image, lambda: None),
            FollowedChoice(self.classes, lambda: None),
        )
        for field in (self.image, self.classes, self.voxel_size):
            field.changed.connect(self.choose)

    @property
    def layer(self) -> Labels | None:
        """The layer whose cells are measured."""
        layer: Labels | None = self.cells.value
        return None if layer is None else unwrapped(layer)

    @property
    def config(self) -> MeasureConfig:
        """What a membrane is."""
        return MeasureConfig(widest_membrane_px=self.widest.value, thickness=self.thickness.value)

    def choose(self) -> None:
        """Have measured what is chosen."""
        cells, image, classes = (
            None if field.value is None else LayerObserver(self._viewer, unwrapped(field.value))
            for field in (self.cells, self.image, self.classes)
        )
        for other in (image, classes):
            if other is not None:
                other.close()  # its pixels are read, and nothing else
        is_unknown = cells is not None and cells.voxel_size_nm is None
        self.voxel_size.visible = is_unknown
        try:
            size, problem = self._written_size() if is_unknown else None, ""
        except SettingError as error:
            size, problem = None, str(error)
        self.said.value = problem
        self._session.choose(cells, image, classes, size)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now."""
        for each in self._followed:
            each.look()
        self.stack.look()

    def stop(self) -> None:
        """Tell nothing any more."""
        self.stack.stop()

    def _written_size(self) -> VoxelSize | None:
        text = self.voxel_size.value.strip()
        if not text:
            return None
        try:
            edges = [float(each) for each in re.split(r"[\s,;x]+", text.lower().rstrip(" nm"))]
        except ValueError:
            edges = []
        if len(edges) != 3 or min(edges) <= 0:
            raise SettingError(
                f"voxel size: expected thickness, height and width in nm, such as 50 4 4, received "
                f"{text!r}; all would be in px"
            )
        return edges[0], edges[1], edges[2]

    def _layer_field(self, name: str, label: str, tooltip: str, kind: Any) -> ComboBox:
        def choices(_: object) -> list[tuple[str, Any]]:
            offered = [(each.name, each) for each in self._viewer.layers if isinstance(each, kind)]
            return [_NONE, *offered]

        return spare_width(ComboBox(name=name, label=label, tooltip=tooltip, choices=choices))


def _newest_cells(viewer: ViewerModel) -> Labels | None:
    """The labels that are selected, else cells of a model or of a person."""
    active = unwrapped(viewer.layers.selection.active)
    if isinstance(active, Labels) and not class_names_of(active):
        return active
    for found in (
        newest_correction(viewer, None), newest_prediction(viewer, None, ["cells"]),
        newest_truth(viewer, None),
    ):  # fmt: skip
        if isinstance(found, Labels) and not class_names_of(found):
            return found
    return None
