"""A strip of slices, coloured by what each is; a click says something about a slice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from qtpy.QtCore import Qt, Signal
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


class SliceStrip(SliceBoxes):
    """What each slice is for; a click gives it the next role.

    Attributes
    ----------
    changed : Signal
        Emitted with the new `SliceSplit` when a person has clicked.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.roles = SliceSplit()

    def show_roles(self, roles: SliceSplit, total: int) -> None:
        """Show the roles of so many slices."""
        self.roles = roles
        self.show_total(total)

    def color_of(self, z: int) -> str:
        """Colour of the role."""
        return COLORS[self.roles.of(z)]

    def text_of(self, z: int) -> str:
        """The role in words."""
        return f"Slice {z}: {self.roles.of(z)}"

    def pressed(self, z: int, button: Qt.MouseButton) -> None:
        """Give the slice its next role."""
        roles = self.roles.turned(z)
        if button == Qt.MouseButton.LeftButton and roles != self.roles:
            self.show_roles(roles, self.total)
            self.changed.emit(roles)


class Legend(Counts):
    """What the colours of a `SliceStrip` mean, and how many slices have each."""

    _shown: ClassVar[Mapping[Role, str]] = {
        "train": "train",
        "validate": "validate",
        "both": "train and validate",
        "not used": "not used",
    }

    def show_roles(self, roles: SliceSplit) -> None:
        """Count the slices of each role."""
        given = [roles.of(z) for z in roles.labelled]
        self.show_counts(
            (COLORS[role], text, given.count(role)) for role, text in self._shown.items()
        )
