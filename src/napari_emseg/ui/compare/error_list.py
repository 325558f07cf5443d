"""Errors, the worst first; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from napari_emseg.core.scores.segmentation_error import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MERGER,
    SPLIT,
    Kind,
    SegmentationError,
)
from napari_emseg.report.figures import ERROR_COLORS
from napari_emseg.session.help.keys import NEXT_ERROR
from napari_emseg.ui.viewer.shortcuts import pressed
from napari_emseg.ui.widgets.table import Cell, Column, Table, number

ErrorOfSlice = tuple[int, SegmentationError]
"""A slice and an error on it."""

MOST = 500
"""Errors that are listed; who has more of them has other worries."""

_VALUES: dict[Kind, int] = {
    "merger": MERGER, "split": SPLIT, "missed": FALSE_NEGATIVE, "invented": FALSE_POSITIVE
}  # fmt: skip
_COLUMNS = (
    Column(
        "error",
        "merger: a gap joins two cells. split: a false membrane cuts a cell. missed: next to "
        "nothing of a cell was found. invented: a cell where there is none.",
    ),
    Column("slice", "Slice, from 0."),
    Column(
        "size [px]", "Pixels of the smaller cell or piece: the errors with most come first."
    ),
    Column("gap [px]", "Length of the gap or of the false membrane."),
)  # fmt: skip


class ErrorList(QWidget):
    """Mergers, splits, missed and invented cells.

    Attributes
    ----------
    picked : Signal
        Emitted with the slice and the `SegmentationError` that was clicked, or reached by the
        arrow keys.
    table : Table
        The errors, each by its slice and itself.
    """

    picked = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._errors: list[ErrorOfSlice] = []
        self._here: int | None = None
        self.only_here = QCheckBox("This slice only")
        self.only_here.setToolTip("List the errors of the slice that you see, or of all slices.")
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.table = Table("Errors", _COLUMNS, is_dense=True)
        self.table.picked.connect(lambda each: self.picked.emit(*each))
        self.only_here.toggled.connect(self._fill)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.count, self.only_here, self.table):
            layout.addWidget(widget)
        self._fill()

    def show_errors(self, errors: Sequence[ErrorOfSlice], here: int | None) -> None:
        """List these errors of all slices, worst first; ``here`` is the slice that is seen."""
        self._errors, self._here = list(errors), here
        self._fill()

    @property
    def listed(self) -> list[ErrorOfSlice]:
        """What is to be seen, the worst first."""
        if not self.only_here.isChecked():
            return self._errors[:MOST]
        return [each for each in self._errors if each[0] == self._here][:MOST]

    def _fill(self) -> None:
        self.table.show_rows({each: _cells(*each) for each in self.listed})
        self.count.setText(_counted([error for _, error in self._errors]))


def _cells(z: int, error: SegmentationError) -> list[Cell]:
    has_gap = error.kind in ("merger", "split")
    return [
        Cell(error.kind, error.kind, ERROR_COLORS[_VALUES[error.kind]]),
        number(z),
        number(error.cost_px),
        number(error.length_px) if has_gap else Cell(""),
    ]


def _counted(errors: Sequence[SegmentationError]) -> str:
    if not errors:
        return "No errors so far."
    kinds = [each.kind for each in errors]
    names = {"merger": "mergers", "split": "splits", "missed": "missed", "invented": "invented"}
    parts = [f"{kinds.count(kind)} {name}" for kind, name in names.items() if kind in kinds]
    return ", ".join(parts) + f". Click on one to go there, or press {pressed(NEXT_ERROR)}."
