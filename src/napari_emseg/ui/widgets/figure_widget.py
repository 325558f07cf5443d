"""Plots in the colours of the window; matplotlib is imported with the first drawing."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from napari.utils.theme import get_theme
from qtpy.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL, LARGE = 8, 9
"""Sizes of letters."""


def load_matplotlib() -> None:
    """Import it in a thread: that takes a second, which the window has not."""
    load_soon("matplotlib.backends.backend_qtagg", "matplotlib.figure")


def load_soon(*modules: str) -> None:
    """Import modules in a thread."""

    def load() -> None:
        for module in modules:
            import_module(module)

    Thread(target=load, name="emseg-load", daemon=True).start()


def dress(axes: Axes, text: str, ground: str) -> None:
    """Give axes the colours (such as ``#ffffff``) and the letters of the window."""
    axes.set_facecolor(ground)
    axes.tick_params(colors=text, labelsize=SMALL)
    axes.xaxis.label.set(color=text, fontsize=LARGE)
    axes.yaxis.label.set(color=text, fontsize=LARGE)
    for spine in axes.spines.values():
        spine.set_color(text)


class Plot(QWidget):
    """One pair of axes.

    Parameters
    ----------
    theme : str
        Of napari's.
    height_px : int
        How high it is; as wide as the dock.
    """

    def __init__(self, theme: str, height_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._height_px = theme, height_px
        self._canvas: Any = None
        self._draw: Callable[[Axes], None] | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.axes: Any = None

    def show_drawing(self, draw: Callable[[Axes], None]) -> None:
        """Draw by a function that is given the axes, empty; again with each theme."""
        self._draw = draw
        if self._canvas is None:
            self._make_canvas()
        self.axes.clear()
        draw(self.axes)
        colors = get_theme(self._theme)
        dress(self.axes, colors.text.as_hex(), colors.canvas.as_hex())
        legend = self.axes.get_legend()
        if legend is not None:
            legend.get_frame().set(facecolor=colors.background.as_hex(), edgecolor="none")
            for text in legend.get_texts():
                text.set(color=colors.text.as_hex(), fontsize=SMALL)
        self._figure.set_facecolor(colors.background.as_hex())
        self._canvas.draw_idle()

    def show_theme(self, theme: str) -> None:
        """Draw in the colours of a theme of napari's."""
        self._theme = theme
        if self._draw is not None:
            self.show_drawing(self._draw)

    def _make_canvas(self) -> None:
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        # a layout that fits itself to the letters would double the time of each drawing
        self._figure = Figure()
        self._figure.subplots_adjust(left=0.19, right=0.97, top=0.8, bottom=0.21)
        self._canvas = FigureCanvasQTAgg(self._figure)
        self._canvas.setFixedHeight(self._height_px)
        self._layout.addWidget(self._canvas)
        self.axes = self._figure.subplots()


def button(text: str, tooltip: str, clicked: Any) -> QPushButton:
    """A button that says what it does."""
    made = QPushButton(text)
    made.setToolTip(tooltip)
    made.clicked.connect(clicked)
    return made


def ask_for_path(parent: QWidget, title: str, name: str, kind: str) -> Path | None:
    """Where a file should go; None where a person thinks better of it."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, kind)
    return Path(chosen) if chosen else None
