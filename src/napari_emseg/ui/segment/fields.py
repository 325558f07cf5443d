"""The fields of the dock *Segment*: what is segmented, by what, and how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, LineEdit, PushButton

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.slices import chosen_slices
from napari_emseg.session.prediction.rules import Kinds, Rules
from napari_emseg.session.segment.pyramid import nearest_level
from napari_emseg.types import VoxelSize
from napari_emseg.ui.help.help_button import help_button
from napari_emseg.ui.stacks.stack_fields import StackFields
from napari_emseg.ui.viewer.image_field import ImageField
from napari_emseg.ui.widgets.collapsible import Folded
from napari_emseg.ui.widgets.forms import choice_row, field_for, form_of, wrapped_label
from napari_emseg.ui.widgets.model_field import choose_model, model_field
from napari_emseg.ui.widgets.remembered_fields import remember, restore

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.session.stack_choice import LayerPixels

_RESULTS = {"mask": ("mask",), "cells": ("cells",), "mask and cells": ("mask", "cells")}
_CLASS_RESULTS = {"classes": ("classes",), "classes and cells": ("classes", "cells")}
"""What a person may choose to see, and the layers that show it; the latter of further classes."""
_ALL_RESULTS = {**_RESULTS, **_CLASS_RESULTS}

_GROUP = "segment"
"""What the fields are remembered under."""


class SegmentFields:
    """Fields, and what their values mean; they begin as a person left them the last time.

    Parameters
    ----------
    viewer : ViewerModel
        Whose images are offered.

    Attributes
    ----------
    images : ImageField
        The field of the image.
    form : Container
        Those that are always to be seen, below one another.
    pixels : Folded
        What a person may say of the image's pixels; it holds for this image alone.
    taken_for : Label
        What the image is taken for.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._devices: list[str] = []
        self.images = ImageField(viewer, "The stack, or single slice, to segment.")
        self.image = self.images.field
        self._make_sources(viewer)
        self.stack = StackFields(viewer, [self.image], self._level_of, takes=False)
        self._make_pixels()
        self._make_rules()
        self.form = form_of([
            self.image, *self.stack.widgets, self.taken_for,
            choice_row(self.model, self.models), choice_row(self.device, self.doctor),
            self.result, self.threshold, self.smallest_cell, self.least_slices, self.merging,
            self.smallest_volume, self.link, self.fill_membranes, self.tta, self.exact,
            self.slices,
        ])  # fmt: skip
        remember(
            {
                "model": self.model, "device": self.device, "result": self.result,
                "smallest_cell_px": self.smallest_cell, "least_slices": self.least_slices,
                "link": self.link, "fill_membranes": self.fill_membranes,
                "smallest_cell_um3": self.smallest_volume,
                "tta": self.tta, "exact": self.exact,
            },
            _GROUP,
        )  # fmt: skip
        self.show_those_of_cells()
        self.result.changed.connect(self.show_those_of_cells)
        self.link.changed.connect(self.show_those_of_cells)

    def _make_sources(self, viewer: ViewerModel) -> None:
        self.model = model_field("The network that segments: the one that ships, or one of yours.")
        self.device = ComboBox(
            name="device",
            label="Device",
            choices=self._device_choices,  # napari asks again with each new layer
            tooltip="Where the network runs; auto takes a GPU where there is one.",
        )
        self.models = PushButton(
            text="Models ...",
            tooltip="All models with their figures; rename, remove, import, export.",
        )
        self.doctor = help_button(viewer, "Doctor")
        self.taken_for = wrapped_label("")
        self.slices = LineEdit(
            name="slices",
            label="Slices",
            tooltip="Which slices of the whole stack, from 0: such as 3:7 (which is 3 to 6), "
            "24,25,26 or 0:12,15:27; empty for all.",
        )
        self.slices.native.setPlaceholderText("all")

    def _make_pixels(self) -> None:
        self.membranes = field_for(PredictConfig, "membranes")
        self.pixel_size = field_for(PredictConfig, "pixel_size_nm")
        self.scale = field_for(PredictConfig, "scale")
        said = [self.membranes, self.pixel_size, self.scale]
        self.pixels = Folded(
            "Pixels and membranes",
            lambda: form_of(said).native,
            tooltip="Where the image is taken for something else than it is.",
        )

    def _make_rules(self) -> None:
        self.result = ComboBox(
            name="result",
            label="Result",
            choices=self._result_choices,  # napari asks again with each new layer
            tooltip="mask: cell or membrane. cells: every cell has an id and a colour of its own, "
            "and keeps them from slice to slice. classes: those that the model tells apart, where "
            "they are more than membrane and cell.",
        )
        self.threshold = field_for(MaskConfig, "threshold", step=0.01)
        self.smallest_cell = field_for(MaskConfig, "smallest_cell_px")
        self.least_slices = field_for(MaskConfig, "least_slices")
        self.merging = field_for(CellsConfig, "merging")
        self.smallest_volume = field_for(CellsConfig, "smallest_cell_um3")
        self.link = field_for(CellsConfig, "link")
        self.fill_membranes = field_for(CellsConfig, "fill_membranes")
        self.tta = field_for(PredictConfig, "tta")
        self.exact = field_for(PredictConfig, "exact")

    @property
    def config(self) -> PredictConfig:
        """How the network is to run."""
        return PredictConfig(
            tta=self.tta.value, exact=self.exact.value, membranes=self.membranes.value,
            pixel_size_nm=self.pixel_size.value, scale=self.scale.value,
        )  # fmt: skip

    @property
    def network_voxel_size_nm(self) -> VoxelSize | None:
        """Of what the model learned on, where that is recorded."""
        return None if self.model.value is None else self.model.value.info.voxel_size_nm

    def _level_of(self, pixels: LayerPixels) -> int:
        """The level with pixels nearest to those that the model learned on."""
        return nearest_level(pixels.voxel_sizes_nm, self.network_voxel_size_nm)

    def forget_pixels(self) -> None:
        """What a person has said of the pixels held for another image."""
        for field, value in ((self.membranes, "auto"), (self.pixel_size, 0), (self.scale, 1)):
            with field.changed.blocked():
                field.value = value

    @property
    def rules(self) -> Rules:
        """What is to be shown, and how it is made."""
        mask = MaskConfig(self.threshold.value, self.smallest_cell.value, self.least_slices.value)
        cells = CellsConfig(
            link=self.link.value, merging=self.merging.value,
            smallest_cell_um3=self.smallest_volume.value, fill_membranes=self.fill_membranes.value,
        )  # fmt: skip
        return Rules(_ALL_RESULTS[self.result.value], mask, cells)

    def show_rules(self, kinds: Kinds, config: MaskConfig, cells: CellsConfig) -> None:
        """Show how something was made, without making it anew."""
        offered = {name: each for name, each in _ALL_RESULTS.items() if name in self.result.choices}
        result = next((name for name, each in offered.items() if each == kinds), None)
        shown = {
            self.threshold: config.threshold, self.smallest_cell: config.smallest_cell_px,
            self.least_slices: config.least_slices, self.merging: cells.merging,
            self.link: cells.link, self.fill_membranes: cells.fill_membranes,
            self.smallest_volume: cells.smallest_cell_um3,
        }  # fmt: skip
        for field, value in (*shown.items(), (self.result, result)):
            with field.changed.blocked():
                field.value = field.value if value is None else value
        self.show_those_of_cells()

    def show_those_of_cells(self) -> None:
        """Show the fields that act on what is to be shown."""
        are_cells = "cells" in self.rules.kinds
        self.link.visible = are_cells
        for field in (self.merging, self.smallest_volume, self.fill_membranes):
            field.visible = are_cells and self.link.value == "volume"

    def slices_of(self, count: int) -> list[int]:
        """The slices wanted of a stack of ``count``, ascending.

        Raises
        ------
        SettingError, ShapeError
            If the field does not hold slices, or the stack has not got them.
        """
        return chosen_slices(self.slices.value, count)

    def offer_models(self) -> None:
        """Offer the models that there are now; the choice stays."""
        self.model.reset_choices()

    def choose_model(self, folder: Path) -> None:
        """Offer a model that was just trained, and choose it."""
        choose_model(self.model, folder)

    def offer_devices(self, found: Sequence[str]) -> None:
        """Offer what there is in this machine; the choice stays, or is what it was last time."""
        self._devices = [each for each in found if each != "cpu:0"]
        with self.device.changed.blocked():
            self.device.reset_choices()
            restore({"device": self.device}, _GROUP)

    def _device_choices(self, _: object = None) -> list[str]:
        return ["auto", "cpu", *self._devices]

    def _result_choices(self, _: object = None) -> list[str]:
        model = self.model.value
        more = model is not None and model.info.network.classes > 2
        return [*_RESULTS, *(_CLASS_RESULTS if more else ())]

    def take_rules_of_model(self) -> None:
        """Set the threshold to the model's own, and offer the results that it has."""
        if self.model.value is not None:  # what is shown came from another model
            with self.threshold.changed.blocked(), self.result.changed.blocked():
                self.threshold.value = self.model.value.info.threshold
                self.result.reset_choices()
            self.show_those_of_cells()
