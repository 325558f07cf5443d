"""Which slices a person has touched and which are reviewed, as a strip to click on."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtWidgets import QWidget

from napari_emseg.core.correct.edits import EditRole, Edits
from napari_emseg.ui.widgets.slice_boxes import Counts, SliceBoxes

COLORS: dict[EditRole, str] = {
    "untouched": "transparent",
    "edited": "#d95f02",
    "reviewed": "#2a9d5c",
}


class EditStrip(SliceBoxes):
    """A left click goes to the slice, a right click marks it as reviewed or takes that back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Edited and reviewed slices", parent)
        self._edits = Edits()

    def show_edits(self, edits: Edits, total: int) -> None:
        """Show what is known of so many slices."""
        self._edits = edits
        self.show_total(total)

    def color_of(self, z: int) -> str:
        """Colour of the role."""
        return COLORS[self._edits.role(z)]

    def text_of(self, z: int) -> str:
        """The role in words, and what clicks do."""
        role = self._edits.role(z)
        turn = "right click, or Space: not reviewed after all" if role == "reviewed" else (
            "right click, or Space: all of it is right"
        )  # fmt: skip
        return f"Slice {z}: {role}\nclick, or Enter: go there\n{turn}"


class EditLegend(Counts):
    """What the colours mean, and how many slices have each."""

    _shown: ClassVar[tuple[EditRole, ...]] = ("edited", "reviewed", "untouched")

    def show_edits(self, edits: Edits, total: int) -> None:
        """Count the slices of each role."""
        roles = [edits.role(z) for z in edits.slices]
        counts = {role: roles.count(role) for role in self._shown[:2]}
        counts["untouched"] = total - len(roles)
        self.show_counts(
            ("#808080" if role == "untouched" else COLORS[role], role, count)
            for role, count in counts.items()
        )
