"""The curves of a training as it goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_emseg.io.disk.atomic import as_write_error
from napari_emseg.model.train.curves import PANELS, draw_curves, draw_panel
from napari_emseg.model.train.history import Row, of_sources, source_names, write_history
from napari_emseg.session.words import V_RAND
from napari_emseg.ui.background.idle_queue import IdleQueue
from napari_emseg.ui.background.timers import later
from napari_emseg.ui.widgets.buttons import ask_for_path, button
from napari_emseg.ui.widgets.plot_canvas import SMALL, Margins, PlotCanvas, load_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REDRAW_MS = 2000
"""Between two drawings, at least: each panel takes the window some hundredths of a second."""

_HEIGHT_PX, _EXTRA_PX = 115, 22
"""Of a panel, and of what the first has above it (the legend) and the last below (its label)."""

_LEFT, _TOP_PX, _BOTTOM_PX = 0.2, 16, 20
_LINE_PX, _BESIDE, _LONGEST = 17, 2, 18
"""Of each further line of the legend, the names in a line, and letters of a name, at most."""
_HINT = f"Point at a curve to read its values. {V_RAND}"


class Curves(QWidget):
    """Loss, accuracy and V_rand of training and validation, below one another.

    matplotlib draws them; it is imported with the first row.

    Parameters
    ----------
    theme : str
        Of napari's.
    turns : IdleQueue
        Draws one panel after the other, and what else goes on between them.
    """

    def __init__(self, theme: str, turns: IdleQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._history: tuple[Row, ...] = ()
        self._panels: list[_Panel] = []
        self.values = QLabel(_HINT)
        self.values.setWordWrap(True)
        self.log = QCheckBox("Log loss")
        self.log.setToolTip("Draw the loss on a logarithmic axis.")
        self.log.toggled.connect(self._draw)
        self.save_png = button("Save PNG", "Save these curves as a picture.", self._ask_png)
        self.save_csv = button("Save CSV", "Save the values of all epochs.", self._ask_csv)
        self._redraw = later(self, self._draw)
        self._turns = turns
        self._lay_out()
        self.show_history(())

    def expect_rows(self) -> None:
        """Make ready to draw."""
        load_matplotlib()

    def show_history(self, history: Sequence[Row]) -> None:
        """Draw these rows soon; where there are none, show nothing from now on."""
        self._history = tuple(history)
        for save in (self.save_png, self.save_csv):
            save.setEnabled(bool(history))
        if not history:
            self._clear()
        elif not self._redraw.isActive():
            self._redraw.start(_REDRAW_MS if self._panels else 0)

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
        self._plots = QVBoxLayout()
        self._plots.setSpacing(0)
        layout.addLayout(self._plots)
        layout.addWidget(self.values)
        layout.addLayout(self._row)
        layout.addStretch()

    def _make_panel(self, k: int) -> None:
        panel = _Panel(k, self._theme)
        panel.canvas.mpl_connect("motion_notify_event", partial(self._read_values, panel))
        panel.canvas.mpl_connect("axes_leave_event", lambda _: self.values.setText(_HINT))
        # as when it is resized: matplotlib's own way would draw all panels while Qt paints
        panel.canvas.draw_idle = partial(self._draw_soon, k)
        self._panels.append(panel)
        self._plots.addWidget(panel)

    # -- drawing ---------------------------------------------------------------------------

    def _draw(self) -> None:
        for k in range(len(PANELS)) if self._history else ():
            self._draw_soon(k)

    def _clear(self) -> None:
        self._redraw.stop()
        for panel in self._panels:
            panel.hide()
        self.values.setText(_HINT)

    def _draw_soon(self, k: int) -> None:
        self._turns.want(k, partial(self._draw_panel, k))

    def _draw_panel(self, k: int) -> None:
        if not self._history:
            return
        if k == len(self._panels):
            self._make_panel(k)
        self._panels[k].draw_history(self._history, self._theme, log=self.log.isChecked())
        self._panels[k].show()

    def _read_values(self, panel: _Panel, event: Any) -> None:
        if event.inaxes is not None:
            row = min(self._history, key=lambda each: abs(each["epoch"] - event.xdata))
            self.values.setText(panel.values_of(row))

    # -- files -----------------------------------------------------------------------------

    def _ask_png(self) -> None:
        if path := ask_for_path(self, "Save the curves", "curves.png", "PNG (*.png)"):
            self.export_png(path)

    def _ask_csv(self) -> None:
        if path := ask_for_path(self, "Save the values", "history.csv", "CSV (*.csv)"):
            self.export_csv(path)


class _Panel(PlotCanvas):
    """One column of the history on a canvas of its own, so that it can be drawn alone."""

    def __init__(self, k: int, theme: str) -> None:
        self._column, self._title = PANELS[k]
        self._is_first, self._is_last = k == 0, k == len(PANELS) - 1
        super().__init__(theme, _HEIGHT_PX)
        self.make_canvas()

    def _make_room(self, sources: int) -> None:
        """Room for the legend of so many sources above the first panel, and for the label."""
        lines = math.ceil(sources / _BESIDE)
        above = self._is_first * (_EXTRA_PX + lines * _LINE_PX) + _TOP_PX
        below = self._is_last * _EXTRA_PX + _BOTTOM_PX
        height = _HEIGHT_PX - _TOP_PX - _BOTTOM_PX + above + below
        self.resize_to(height, Margins(left=_LEFT, top=above / height, bottom=below / height))

    def draw_history(self, history: Sequence[Row], theme: str, *, log: bool) -> None:
        """Draw the history now, in the colours of a theme of napari's."""
        self._make_room(len(source_names(history)))
        self.redraw(partial(self._draw_column, history, log and self._column == "loss"), theme)

    def values_of(self, row: Row) -> str:
        """What an epoch reached, in words."""
        column = f"val_{self._column}"
        sources = [f"{name} {_number(each)}" for name, each in of_sources(row, column).items()]
        return (
            f"{self._title} of epoch {row['epoch']:.0f}: training {_number(row[self._column])}, "
            f"validation {_number(row[column])}" + f" ({', '.join(sources)})" * bool(sources)
        )

    def _draw_column(self, history: Sequence[Row], log: bool, axes: Axes) -> None:
        """One legend is for all panels."""
        draw_panel(axes, history, self._column, self._title, log=log)
        axes.tick_params(labelbottom=self._is_last)
        lines, labels = axes.get_legend_handles_labels()
        axes.set(title="", xlabel="epoch" if self._is_last else "")
        if labels[-1].startswith("best epoch "):
            axes.set_title(labels.pop(), color=self.text_color, fontsize=SMALL, loc="left", pad=3)
        if self._is_first:
            self.figure.legends.clear()
            self.figure.legend(
                lines[: len(labels)], [_shortened(each) for each in labels], ncols=_BESIDE,
                fontsize=SMALL, frameon=False, loc="upper center",
            )  # fmt: skip


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 4]} ..."


def _number(value: float) -> str:
    return "not measured" if math.isnan(value) else f"{value:.4f}"
