"""The curves of a training as it goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.theme import get_theme
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_emseg.io._atomic import as_write_error
from napari_emseg.model.curves import PANELS, draw_curves, draw_panel
from napari_emseg.model.history import Row, write_history
from napari_emseg.ui.plots import SMALL, ask_for_path, button, dress, load_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REDRAW_MS = 2000
"""Between two drawings, at least: each takes the window some hundredths of a second."""

_HEIGHT_PX = 400
_MARGINS = {"left": 0.2, "right": 0.97, "top": 0.89, "bottom": 0.11, "hspace": 0.3}
_LINES = ("training", "validation")
_HINT = "Point at a curve to read its values."


class Curves(QWidget):
    """Loss, accuracy and V_rand of training and validation, below one another.

    matplotlib draws them; it is imported with the first row.
    """

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._history: tuple[Row, ...] = ()
        self._canvas: Any = None
        self.values = QLabel(_HINT)
        self.values.setWordWrap(True)
        self.log = QCheckBox("Log loss")
        self.log.setToolTip("Draw the loss on a logarithmic axis.")
        self.log.toggled.connect(self._draw)
        self.save_png = button("Save PNG", "Save these curves as a picture.", self._ask_png)
        self.save_csv = button("Save CSV", "Save the values of all epochs.", self._ask_csv)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.timeout.connect(self._draw)
        self._lay_out()
        self.show_history(())

    def expect_rows(self) -> None:
        """Make ready to draw."""
        load_matplotlib()

    def show_history(self, history: Sequence[Row]) -> None:
        """Draw these rows soon."""
        self._history = tuple(history)
        for save in (self.save_png, self.save_csv):
            save.setEnabled(bool(history))
        if not self._redraw.isActive():
            self._redraw.start(_REDRAW_MS if self._canvas is not None and history else 0)

    def show_theme(self, theme: str) -> None:
        """Draw in the colours of a theme of napari's."""
        self._theme = theme
        self._draw()

    def export_png(self, path: Path) -> None:
        """Write the picture; `WriteError` where that fails."""
        with as_write_error(path):
            draw_curves(self._history, path)

    def export_csv(self, path: Path) -> None:
        """Write the rows; `WriteError` where that fails."""
        with as_write_error(path):
            write_history(self._history, path)

    # -- parts -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._row = QHBoxLayout()
        for widget in (self.log, self.save_png, self.save_csv):
            self._row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.values)
        layout.addLayout(self._row)
        layout.addStretch()

    def _make_canvas(self) -> None:
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        # a layout that fits itself to the letters would double the time of each drawing
        self._figure = Figure()
        self._figure.subplots_adjust(**_MARGINS)
        self._canvas = FigureCanvasQTAgg(self._figure)
        self._canvas.setFixedHeight(_HEIGHT_PX)
        self._canvas.mpl_connect("motion_notify_event", self._read_values)
        self._axes = self._figure.subplots(len(PANELS), 1, sharex=True)
        self.layout().insertWidget(0, self._canvas)

    # -- drawing ---------------------------------------------------------------------------

    def _draw(self) -> None:
        if not self._history:
            return
        if self._canvas is None:
            self._make_canvas()
        for axes, (column, title) in zip(self._axes, PANELS, strict=True):
            axes.clear()
            log = column == "loss" and self.log.isChecked()
            draw_panel(axes, self._history, column, title, log=log)
            self._dress(axes)
        self._figure.set_facecolor(get_theme(self._theme).background.as_hex())
        self._canvas.draw_idle()

    def _dress(self, axes: Axes) -> None:
        """Give a panel the colours and the letters of the window; one legend is for all."""
        dress(axes, self._theme)
        text = get_theme(self._theme).text.as_hex()
        lines, labels = axes.get_legend_handles_labels()
        axes.legend_ = None
        axes.set(title="", xlabel="epoch" if axes is self._axes[-1] else "")
        if len(labels) > len(_LINES):
            axes.set_title(labels[-1], color=text, fontsize=SMALL, loc="left", pad=3)
        if axes is self._axes[0]:
            self._figure.legends.clear()
            self._figure.legend(
                lines[: len(_LINES)], _LINES, ncols=2, fontsize=SMALL, labelcolor=text,
                frameon=False, loc="upper center",
            )  # fmt: skip

    def _read_values(self, event: Any) -> None:
        if event.inaxes is None:
            self.values.setText(_HINT)
            return
        column, title = PANELS[list(self._axes).index(event.inaxes)]
        row = min(self._history, key=lambda each: abs(each["epoch"] - event.xdata))
        self.values.setText(
            f"{title} of epoch {row['epoch']:.0f}: training {_number(row[column])}, "
            f"validation {_number(row[f'val_{column}'])}"
        )

    # -- files -----------------------------------------------------------------------------

    def _ask_png(self) -> None:
        if path := ask_for_path(self, "Save the curves", "curves.png", "PNG (*.png)"):
            self.export_png(path)

    def _ask_csv(self) -> None:
        if path := ask_for_path(self, "Save the values", "history.csv", "CSV (*.csv)"):
            self.export_csv(path)


def _number(value: float) -> str:
    return "not measured" if math.isnan(value) else f"{value:.4f}"
