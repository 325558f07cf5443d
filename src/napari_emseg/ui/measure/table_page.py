"""The tables, what of them is shown, and a column of it as a histogram and as colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit
from psygnal import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_emseg.session.measure.session import MeasureSession
from napari_emseg.session.measure.shown_table import TABLES
from napari_emseg.session.words import plural
from napari_emseg.ui.background.timers import later
from napari_emseg.ui.measure.histogram import Histogram, about
from napari_emseg.ui.measure.table_rows import TableRows, columns_of
from napari_emseg.ui.widgets.buttons import ask_for_path, button
from napari_emseg.ui.widgets.forms import form_of, spare_width, wrapped_label
from napari_emseg.ui.widgets.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPING_MS = 250
"""How long nothing must be typed until rows are looked for."""

_ROWS_SHOWN, _WIDEST = 5, 26
_NOTHING = "Nothing is measured yet: press Measure."


class TablePage(QWidget):
    """A table of a `MeasureSession`.

    Attributes
    ----------
    color : CheckBox
        Whether cells have the colours of the column.
    recolored : psygnal.Signal
        Emitted when cells are to be coloured otherwise, or no more.
    """

    recolored = Signal()

    def __init__(self, session: MeasureSession, theme: str) -> None:
        super().__init__()
        self._session, self._shown = session, session.shown
        self.name = ComboBox(
            name="table", label="Table", choices=[], tooltip="\n".join(
                f"{name}: {what[:1].lower()}{what[1:]}" for name, what in TABLES.items()
            ),
        )  # fmt: skip
        self.filter = LineEdit(
            name="filter", label="Show",
            tooltip="Which rows are shown: conditions such as volume > 0.1 and slices >= 3, "
            "0.1 < volume < 2, not touches_rim, joined by and, or; or ids such as 12, 15. Nothing "
            "for all.",
        )  # fmt: skip
        self.filter.native.setPlaceholderText("all; such as volume > 0.1, or ids")
        self.filter.native.setClearButtonEnabled(True)
        self.note, self.warning = wrapped_label(_NOTHING), wrapped_label("")
        self.table = Table("Measures", (), rows_shown=_ROWS_SHOWN, is_dense=True, widest=_WIDEST)
        self.column = spare_width(
            ComboBox(
                name="column", label="Column", choices=[],
                tooltip="What the histogram shows, and what cells are coloured by.",
            )
        )  # fmt: skip
        self.color = CheckBox(
            name="color", text="Colour cells",
            tooltip="Give the cells in the viewer the colours of this column, from dark (low) to "
            "bright (high); the bars of the histogram have them, too. Again: their own colours.",
        )  # fmt: skip
        self.plot = Histogram(theme)
        self.range = wrapped_label("")
        self.save = button(
            "Save CSV ...", "Save the rows that are shown; units stand in the titles.", self._ask
        )
        self._typing = later(self, self._look_for)
        self._lay_out()
        self._connect()
        self.show_table()

    def _lay_out(self) -> None:
        self.filter.native.setAccessibleName("Show rows")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        drawn = QHBoxLayout()
        drawn.addWidget(form_of([self.column]).native, stretch=1)
        drawn.addWidget(self.color.native)
        layout.addWidget(form_of([self.name, self.filter]).native)
        layout.addWidget(self.note.native)
        layout.addWidget(self.warning.native)
        layout.addWidget(self.table, stretch=1)
        layout.addLayout(drawn)
        layout.addWidget(self.plot)
        layout.addWidget(self.range.native)
        layout.addWidget(self.save)

    def _connect(self) -> None:
        shown = self._shown
        shown.changed.connect(self.show_table)
        shown.column_changed.connect(self.show_column)
        self.name.changed.connect(shown.choose)
        self.column.changed.connect(shown.draw)
        self.filter.native.textChanged.connect(lambda _: self._typing.start(_TYPING_MS))
        self.color.changed.connect(self.show_column)
        self._session.edited.connect(self.show_table)

    def stop(self) -> None:
        """Show nothing new any more."""
        self._typing.stop()
        self._shown.changed.disconnect(self.show_table)
        self._shown.column_changed.disconnect(self.show_column)
        self._session.edited.disconnect(self.show_table)

    # -- what is shown ---------------------------------------------------------------------

    def show_table(self) -> None:
        """Show the table, and what is said of it."""
        shown, edits = self._shown, self._session.edits
        _offer(self.name, shown.names, shown.name)
        _offer(self.column, shown.columns, shown.column)
        edited = frozenset() if edits is None else edits.ids
        self.table.show_rows(TableRows(shown.table, shown.rows, edited), columns_of(shown.table))
        self.note.value = self._about_rows()
        self.warning.value = self._about_edits()
        self.warning.visible = bool(self.warning.value)
        self.save.setEnabled(bool(len(shown.rows)))
        self.show_column()

    def show_column(self) -> None:
        """Draw the column, and have cells coloured by it."""
        self.draw()
        self.recolored.emit()

    def draw(self) -> None:
        """Draw the column, with a line for the row that is chosen."""
        shown = self._shown
        row, scale, values = self.table.chosen, shown.scale, shown.values
        marked = None if row is None or not shown.column else float(shown.table[shown.column][row])
        self.plot.show_values(
            shown.column, values, scale, marked=marked, is_colored=self.color.value
        )
        self.color.enabled = scale is not None
        said = "" if scale is None else about(scale, shown.table[shown.column])
        colored = "Colours: " if self.color.value else "Shown: "
        self.range.value = f"{colored}{said}." if said else ""

    def _about_rows(self) -> str:
        shown = self._shown
        if shown.problem:
            return f"{shown.problem}. All rows are shown."
        total, count = len(shown.table), len(shown.rows)
        if not total:
            return _NOTHING if not shown.name else f"No {shown.name}."
        return plural(total, "row") + "." if count == total else f"{count} of {total} rows."

    def _about_edits(self) -> str:
        edits = self._session.edits
        if edits is None:
            return ""
        if edits.are_all:
            return "The cells, or their voxel size, are others now: measure again."
        if not edits.ids:
            return ""
        slices = ", ".join(map(str, edits.slices[:5])) + (" ..." if len(edits.slices) > 5 else "")
        return (
            f"{plural(len(edits.ids), 'cell')} edited since in "
            f"{'slices' if len(edits.slices) > 1 else 'slice'} {slices}: their figures, marked "
            "orange, hold no more. Measure again."
        )

    # -- what a person asks for ------------------------------------------------------------

    def _look_for(self) -> None:
        self._shown.look_for(self.filter.value)

    def _ask(self) -> None:
        name = "" if self._session.cells is None else f"{self._session.cells.name} "
        path = ask_for_path(self, "Save the table", f"{name}{self._shown.name}.csv", "CSV (*.csv)")
        if path is not None:
            is_named = path.suffix.lower() == ".csv"
            self._session.save(path if is_named else path.with_name(f"{path.name}.csv"))


def _offer(field: ComboBox, names: Sequence[Any], chosen: str) -> None:
    """Offer these, without telling."""
    with field.changed.blocked():
        if list(field.choices) != list(names):
            field.choices = names
        if chosen:
            field.value = chosen
