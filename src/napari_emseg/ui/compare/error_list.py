"""Errors, the worst first; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_emseg.core.scores.segmentation_error import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MERGER,
    SPLIT,
    Kind,
    SegmentationError,
)
from napari_emseg.report.figures import ERROR_COLORS

Placed = tuple[int, SegmentationError]
"""A slice and an error on it."""

MOST = 500
"""Errors that are listed; who has more of them has other worries."""

_VALUES: dict[Kind, int] = {
    "merger": MERGER, "split": SPLIT, "missed": FALSE_NEGATIVE, "invented": FALSE_POSITIVE
}  # fmt: skip
_ICON_PX = 10


class ErrorList(QWidget):
    """Mergers, splits, missed and invented cells.

    Attributes
    ----------
    picked : Signal
        Emitted with the slice and the `SegmentationError` that was clicked, or reached by the
        arrow keys.
    """

    picked = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._errors: list[Placed] = []
        self._here: int | None = None
        self.only_here = QCheckBox("This slice only")
        self.only_here.setToolTip("List the errors of the slice that you see, or of all slices.")
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.tree = _tree()
        self.tree.currentItemChanged.connect(self._tell)
        self.tree.itemClicked.connect(self._tell)
        self.only_here.toggled.connect(self._fill)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.count, self.only_here, self.tree):
            layout.addWidget(widget)
        self._fill()

    def show_errors(self, errors: Sequence[Placed], here: int | None) -> None:
        """List these errors of all slices; ``here`` is the slice that is seen."""
        ordered = sorted(errors, key=lambda each: -each[1].cost_px)
        if (ordered, here) != (self._errors, self._here):
            fill = ordered != self._errors or self.only_here.isChecked()
            self._errors, self._here = ordered, here
            if fill:
                self._fill()

    @property
    def listed(self) -> list[Placed]:
        """What is to be seen, in order."""
        if not self.only_here.isChecked():
            return self._errors[:MOST]
        return [each for each in self._errors if each[0] == self._here][:MOST]

    def _fill(self) -> None:
        self.tree.blockSignals(True)
        self.tree.clear()
        for z, error in self.listed:
            self.tree.addTopLevelItem(_item(z, error))
        self.tree.blockSignals(False)
        self.count.setText(_counted([error for _, error in self._errors]))

    def _tell(self, item: QTreeWidgetItem | None, _: object = None) -> None:
        if item is not None:
            self.picked.emit(*item.data(0, Qt.ItemDataRole.UserRole))


def _tree() -> QTreeWidget:
    tree = QTreeWidget()
    tree.setHeaderLabels(["error", "slice", "size [px]", "gap [px]"])
    for column, tooltip in enumerate((
        "merger: a gap joins two cells. split: a false membrane cuts a cell. missed: next to "
        "nothing of a cell was found. invented: a cell where there is none.",
        "Slice, from 0.",
        "Pixels of the smaller cell or piece: the errors with most come first.",
        "Length of the gap or of the false membrane.",
    )):  # fmt: skip
        tree.headerItem().setToolTip(column, tooltip)
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    tree.setMinimumHeight(16 * tree.fontMetrics().height())
    return tree


def _item(z: int, error: SegmentationError) -> QTreeWidgetItem:
    gap = str(error.length_px) if error.kind in ("merger", "split") else ""
    item = QTreeWidgetItem([error.kind, str(z), str(error.cost_px), gap])
    icon = QPixmap(_ICON_PX, _ICON_PX)
    icon.fill(QColor(ERROR_COLORS[_VALUES[error.kind]]))
    item.setIcon(0, QIcon(icon))
    item.setData(0, Qt.ItemDataRole.UserRole, (z, error))
    for column in (1, 2, 3):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
    return item


def _counted(errors: Sequence[SegmentationError]) -> str:
    if not errors:
        return "No errors so far."
    kinds = [each.kind for each in errors]
    names = {"merger": "mergers", "split": "splits", "missed": "missed", "invented": "invented"}
    parts = [f"{kinds.count(kind)} {name}" for kind, name in names.items() if kind in kinds]
    return ", ".join(parts) + ". Click on one to go there."
