"""Two predictions against each other, as a table and a verdict."""

from __future__ import annotations

from magicgui.widgets import ComboBox
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.scores.scores import TITLES
from napari_emseg.session.compare.session import CompareSession
from napari_emseg.session.words import explained
from napari_emseg.ui.compare.score_page import SLICE_COLUMN
from napari_emseg.ui.widgets.buttons import button
from napari_emseg.ui.widgets.forms import form_of, wrapped_label
from napari_emseg.ui.widgets.table import Column, Table, figure, number

_HINT = "Choose a second prediction on the page Layers, and score both."


class PairedTestPage(QWidget):
    """A score of both predictions by slice, and a paired test.

    Attributes
    ----------
    start : QPushButton
        Scores both.
    table : Table
        Slices; its ``picked`` tells of clicks.
    """

    def __init__(self, session: CompareSession) -> None:
        super().__init__()
        self._test = session.paired_test
        self.start = button(
            "Score both", "Score all slices of both predictions.", lambda: session.score_both()
        )
        self.score = ComboBox(
            name="score", label="By", choices=[(title, name) for name, title in TITLES.items()],
            tooltip="The score that is compared.",
        )  # fmt: skip
        self.verdict = wrapped_label(_HINT)
        columns = [
            SLICE_COLUMN,
            Column("first", "Of the prediction."),
            Column("second", "Of the second prediction."),
            Column("diff.", "Above 0 the second is better."),
        ]
        self.table = Table("Scores of two predictions", columns, sort_by=0)
        self.score.changed.connect(self._test.choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (
            self.start, form_of([self.score]).native, self.verdict.native, self.table,
        ):  # fmt: skip
            layout.addWidget(part)

    def show_test(self) -> None:
        """Show what came of it."""
        tested = self._test.tested
        self.verdict.value = _HINT if tested is None else explained(tested.verdict)
        rows = {} if tested is None else tested.rows
        self.table.show_rows({z: [number(z), *map(figure, each)] for z, each in rows.items()})
