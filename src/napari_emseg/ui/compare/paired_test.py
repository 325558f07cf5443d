"""Two predictions against each other: which is better, where, and whether that is chance."""

from __future__ import annotations

from collections.abc import Mapping

from magicgui.widgets import ComboBox
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.scores.paired import Paired
from napari_emseg.core.scores.scores import TITLES, SliceScores
from napari_emseg.ui.widgets.figure_widget import button
from napari_emseg.ui.widgets.forms import form_of, wrapped_label
from napari_emseg.ui.widgets.number_table import FigureTable

_HINT = "Choose a second prediction above, and score both."


class PairedTest(QWidget):
    """A score of both predictions by slice, and a paired test.

    Attributes
    ----------
    wanted : Signal
        Emitted when a person wants both scored.
    table : FigureTable
        Slices; its ``picked`` tells of clicks.
    paired : Paired or None
        What is shown.
    """

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._scores: tuple[Mapping[int, SliceScores], Mapping[int, SliceScores]] = ({}, {})
        self._names = ("the first", "the second")
        self.paired: Paired | None = None
        self.start = button(
            "Score both", "Score all slices of both predictions.", lambda: self.wanted.emit()
        )
        self.score = ComboBox(
            name="score", label="By", choices=[(title, name) for name, title in TITLES.items()],
            tooltip="The score that is compared.",
        )  # fmt: skip
        self.verdict = wrapped_label(_HINT)
        self.table = FigureTable(
            ["first", "second", "diff."],
            ["Of the prediction.", "Of the second prediction.", "Above 0 the second is better."],
        )
        self.score.changed.connect(self._show)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (
            self.start, form_of([self.score]).native, self.verdict.native, self.table,
        ):  # fmt: skip
            layout.addWidget(part)

    def show_scores(
        self,
        first: Mapping[int, SliceScores],
        second: Mapping[int, SliceScores],
        names: tuple[str, str],
    ) -> None:
        """Compare what is known of both, by slice."""
        self._scores, self._names = (first, second), names
        self._show()

    def _show(self) -> None:
        name = self.score.value
        first, second = (
            {z: getattr(scores, name) for z, scores in each.items()} for each in self._scores
        )
        self.paired = Paired.of(first, second) if first and second else None
        differences = {} if self.paired is None else self.paired.differences
        self.table.show_rows({z: (first[z], second[z], d) for z, d in differences.items()})
        self.verdict.value = (
            _HINT if self.paired is None else self.paired.verdict(TITLES[name], self._names)
        )
