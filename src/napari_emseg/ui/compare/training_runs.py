"""Curves of several trainings over one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from napari_emseg.model.train.curves import PANELS, draw_runs
from napari_emseg.model.train.history import Row
from napari_emseg.model.train.records import Record, titles
from napari_emseg.session.compare.training_runs import TrainingRuns
from napari_emseg.session.words import V_RAND
from napari_emseg.ui.widgets.buttons import button
from napari_emseg.ui.widgets.forms import form_of, wrapped_label
from napari_emseg.ui.widgets.plot_canvas import Margins, PlotCanvas
from napari_emseg.ui.widgets.table import Cell, Column, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#888888")
"""Of the curves; people with any colour vision tell them apart."""

_COLUMNS = (
    Column("training", "Tick what is to be drawn."),
    Column("V_rand", f"The best on validation. {V_RAND}"),
    Column("epoch", "Epoch that was kept."),
    Column("epochs", "Epochs that were trained."),
    Column("batch", "Patches per step (batch size)."),
    Column("rate", "Learning rate."),
)
_ROWS_SHOWN, _WIDEST, _HEIGHT_PX, _TOP = 7, 22, 220, 0.04
_HINT = (
    "Solid: validation. Thin: training. Where the validation loss rises while the training loss "
    "falls, the network learns the slices by heart: fewer epochs, or more slices."
)
_EMPTY = (
    "No training is recorded yet. The dock Train records each; a run folder of the command line "
    "can be added."
)


class TrainingRunsPage(QWidget):
    """The trainings on this machine in a table, and the curves of those that are ticked.

    Attributes
    ----------
    table : Table
        Trainings, each by its folder.
    """

    def __init__(self, runs: TrainingRuns, theme: str) -> None:
        super().__init__()
        self._runs = runs
        self.plot = PlotCanvas(theme, _HEIGHT_PX, margins=Margins(top=_TOP))
        self.column = ComboBox(
            name="column", label="Draw", choices=[(title, name) for name, title in PANELS],
            tooltip="What is drawn over the epochs.",
        )  # fmt: skip
        self.table = Table(
            "Trainings", _COLUMNS, rows_shown=_ROWS_SHOWN, is_ticked=True, widest=_WIDEST
        )
        self.note = wrapped_label("")
        self._lay_out()
        self.column.changed.connect(self._draw)
        self.table.rows.ticked.connect(runs.show)
        runs.events.connect(self.show_runs)

    def show_runs(self) -> None:
        """Show what there is, and what is drawn of it."""
        records = self._runs.records
        rows = enumerate(zip(titles(records), records, strict=True))
        self.table.show_rows(
            {
                record.folder: _cells(name, record, COLORS[k % len(COLORS)])
                for k, (name, record) in rows
            }
        )
        self.table.rows.tick(self._runs.shown)
        self._draw()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(
            button("Look again", "Read what was trained meanwhile.", lambda: self._runs.look())
        )
        row.addWidget(button("Add folder ...", "Add the run folder of a training.", self._ask))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (form_of([self.column]).native, self.plot, self.table):
            layout.addWidget(part)
        layout.addLayout(row)
        layout.addWidget(self.note.native)

    def _ask(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, "Run folder of a training"):
            self._runs.add(Path(chosen))

    def _draw(self) -> None:
        runs = self._runs
        drawn = runs.drawn
        self.plot.setVisible(bool(drawn))
        if runs.is_read:
            self.note.value = _note([runs.records[k] for k in drawn]) if runs.records else _EMPTY
        if drawn:
            names = titles(runs.records)
            curves = [(names[k], runs.records[k].history, COLORS[k % len(COLORS)]) for k in drawn]
            self.plot.show_drawing(partial(_draw_column, curves, self.column.value))


def _draw_column(curves: Sequence[tuple[str, Sequence[Row], str]], name: str, axes: Axes) -> None:
    draw_runs(axes, curves, name, dict(PANELS)[name])


def _cells(name: str, record: Record, color: str) -> list[Cell]:
    best, folder = record.best, str(record.folder)
    batch, rate = record.setting("batch_size"), record.setting("learning_rate")
    return [
        Cell(name, name, color, f"{name}\n{folder}"),
        Cell("", tooltip=folder) if best is None else _words(best["val_v_rand"], ".4f", folder),
        Cell("", tooltip=folder) if best is None else _words(best["epoch"], ".0f", folder),
        _words(len(record.history), "d", folder),
        _words(batch, "g" if isinstance(batch, float) else "", folder),
        _words(rate, "g" if isinstance(rate, float) else "", folder),
    ]


def _words(value: float | None, form: str, tooltip: str) -> Cell:
    is_known = value is not None and not math.isnan(value)
    return Cell(f"{value:{form}}" if is_known else "", value, tooltip=tooltip)


def _note(records: Sequence[Record]) -> str:
    overfit = [
        f"{each.name}: the validation loss has risen since epoch {each.overfit_from:.0f}."
        for each in records
        if each.overfit_from is not None
    ]
    return " ".join([V_RAND, _HINT, *overfit])
