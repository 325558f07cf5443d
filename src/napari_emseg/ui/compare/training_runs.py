"""Curves of several trainings over one another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_emseg.errors import EmsegError
from napari_emseg.io.folders import runs_folder
from napari_emseg.model.train.curves import PANELS, draw_runs
from napari_emseg.model.train.records import Record, list_records, read_record, titles
from napari_emseg.ui.background.latest import Latest
from napari_emseg.ui.widgets.figure_widget import Plot, button
from napari_emseg.ui.widgets.forms import form_of, wrapped_label
from napari_emseg.ui.widgets.notify import show_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#888888")
"""Of the curves; people with any colour vision tell them apart."""

_COLUMNS = ("training", "V_rand", "epoch", "epochs", "batch", "rate")
_TIPS = (
    "Tick what is to be drawn.",
    "Best V_rand on validation.",
    "Epoch that was kept.",
    "Epochs that were trained.",
    "Patches per step (batch size).",
    "Learning rate.",
)
_FIRST_SHOWN, _HEIGHT_PX, _ICON_PX = 3, 260, 10
_HINT = (
    "Solid: validation. Thin: training. Where the validation loss rises while the training loss "
    "falls, the network learns the slices by heart: fewer epochs, or more slices."
)
_EMPTY = (
    "No training is recorded yet. The dock Train records each; a run folder of the command line "
    "can be added."
)


class Runs(QWidget):
    """The trainings on this machine in a table, and the curves of those that are ticked."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.records: list[Record] = []
        self._added: list[Record] = []
        self._reading = Latest(self)
        self.plot = Plot(theme, _HEIGHT_PX)
        self.column = ComboBox(
            name="column", label="Draw", choices=[(title, name) for name, title in PANELS],
            tooltip="What is drawn over the epochs.",
        )  # fmt: skip
        self.table = _table()
        self.note = wrapped_label("")
        self.column.changed.connect(self._draw)
        self.table.itemChanged.connect(self._draw)
        self._lay_out()

    def look(self) -> None:
        """Read what there is, in a thread."""
        self._reading.want(lambda: list_records(runs_folder()), self._take, show_error)

    def stop(self) -> None:
        """Read nothing any more."""
        self._reading.stop()

    def add(self, folder: Path) -> None:
        """Add the training of a run folder or a model; what holds none is told in words."""
        try:
            self._added.append(read_record(folder))
        except EmsegError as error:
            show_error(str(error))
            return
        self._take([each for each in self.records if each not in self._added])

    @property
    def ticked(self) -> list[int]:
        """Rows of the trainings that are drawn."""
        rows = range(len(self.records))
        return [k for k in rows if self.table.item(k, 0).checkState() == Qt.CheckState.Checked]

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(button("Look again", "Read what was trained meanwhile.", self.look))
        row.addWidget(button("Add folder ...", "Add the run folder of a training.", self._ask))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (form_of([self.column]).native, self.plot, self.table):
            layout.addWidget(part)
        layout.addLayout(row)
        layout.addWidget(self.note.native)

    def _ask(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, "Run folder of a training"):
            self.add(Path(chosen))

    def _take(self, records: Sequence[Record]) -> None:
        before = {self.records[k].folder for k in self.ticked}
        first = not self.records
        self.records = [*self._added, *(each for each in records if each not in self._added)]
        new = {each.folder for each in self._added[-1:]}
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.records))
        for row, (name, record) in enumerate(zip(titles(self.records), self.records, strict=True)):
            shown = row < _FIRST_SHOWN if first else record.folder in before | new
            _fill(self.table, row, name, record, shown)
        self.table.blockSignals(False)
        self._draw()

    def _draw(self, _: object = None) -> None:
        chosen = self.ticked
        self.plot.setVisible(bool(chosen))
        self.note.value = _note([self.records[k] for k in chosen]) if self.records else _EMPTY
        if not chosen:
            return
        name = self.column.value
        names = titles(self.records)
        runs = [(names[k], self.records[k].history, COLORS[k % len(COLORS)]) for k in chosen]

        def draw(axes: Axes) -> None:
            draw_runs(axes, runs, name, dict(PANELS)[name])

        self.plot.show_drawing(draw)


def _table() -> QTableWidget:
    table = QTableWidget(0, len(_COLUMNS))
    table.setHorizontalHeaderLabels(_COLUMNS)
    for column, tip in enumerate(_TIPS):
        table.horizontalHeaderItem(column).setToolTip(tip)
    table.verticalHeader().hide()
    table.setIconSize(QSize(_ICON_PX, _ICON_PX))
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setMinimumHeight(7 * 2 * table.fontMetrics().height())
    return table


def _fill(table: QTableWidget, row: int, name: str, record: Record, shown: bool) -> None:
    best = record.best
    texts = [
        name,
        "" if best is None else f"{best['val_v_rand']:.4f}",
        "" if best is None else f"{best['epoch']:.0f}",
        str(len(record.history)),
        _text(record.setting("batch_size")),
        _text(record.setting("learning_rate")),
    ]
    for column, text in enumerate(texts):
        item = QTableWidgetItem(text)
        item.setToolTip(str(record.folder))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        if column == 0:
            item.setCheckState(Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
            color = QPixmap(_ICON_PX, _ICON_PX)
            color.fill(QColor(COLORS[row % len(COLORS)]))
            item.setIcon(QIcon(color))
        table.setItem(row, column, item)


def _text(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _note(records: Sequence[Record]) -> str:
    overfit = [
        f"{each.name}: the validation loss has risen since epoch {each.overfit_from:.0f}."
        for each in records
        if each.overfit_from is not None
    ]
    return " ".join([_HINT, *overfit])
