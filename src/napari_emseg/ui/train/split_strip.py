"""A strip of slices, coloured by what each is for in a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from psygnal import Signal
from qtpy.QtWidgets import QWidget

from napari_emseg.core.train.slice_split import Role, SliceSplit
from napari_emseg.ui.widgets.slice_boxes import Counts, SliceBoxes

COLORS: dict[Role, str] = {
    "train": "#1f77b4",
    "validate": "#d95f02",
    "both": "#7b5fa5",
    "not used": "#808080",
    "not labelled": "transparent",
}


class SplitStrip(SliceBoxes):
    """What each slice is for; a right click gives it the next role.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted with the new `SliceSplit` when a person has clicked.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What slices are for", parent)
        self.split = SliceSplit()
        self.turned.connect(self._turn)

    def show_split(self, split: SliceSplit, total: int) -> None:
        """Show what each of so many slices is for."""
        self.split = split
        self.show_total(total)

    def color_of(self, z: int) -> str:
        """Colour of the role."""
        return COLORS[self.split.of(z)]

    def text_of(self, z: int) -> str:
        """The role in words."""
        return (
            f"Slice {z}: {self.split.of(z)}\nclick, or Enter: go there\n"
            "right click, or Space: another role"
        )

    def _turn(self, z: int) -> None:
        split = self.split.turned(z)
        if split != self.split:
            self.show_split(split, self.total)
            self.changed.emit(split)


class SplitLegend(Counts):
    """What the colours of a `SplitStrip` mean, and how many slices have each."""

    _shown: ClassVar[Mapping[Role, str]] = {
        "train": "train",
        "validate": "validate",
        "both": "train and validate",
        "not used": "not used",
    }

    def show_split(self, split: SliceSplit) -> None:
        """Count the slices of each role."""
        given = [split.of(z) for z in split.labelled]
        self.show_counts(
            (COLORS[role], text, given.count(role)) for role, text in self._shown.items()
        )
