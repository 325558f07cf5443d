"""Plots in the colours of the window; matplotlib is imported with the first drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from napari.utils.theme import get_theme
from qtpy.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL, LARGE = 8, 9
"""Sizes of letters."""

Draw = Callable[["Axes"], object]


def load_matplotlib() -> None:
    """Import it in a thread: that takes a second, which the window has not."""

    def load() -> None:
        for module in ("matplotlib.backends.backend_qtagg", "matplotlib.figure"):
            import_module(module)

    Thread(target=load, name="emseg-load", daemon=True).start()


@dataclass(frozen=True)
class Margins:
    """What is left free around the axes, as parts of width and height."""

    left: float = 0.19
    right: float = 0.03
    top: float = 0.2
    bottom: float = 0.21


class PlotCanvas(QWidget):
    """One pair of axes.

    Parameters
    ----------
    theme : str
        Of napari's.
    height_px : int
        How high it is; as wide as the dock.
    margins : Margins
        Around the axes: a layout that fits itself to the letters would double the time of each
        drawing.

    Attributes
    ----------
    figure, axes, canvas
        Of matplotlib; None before the first drawing, or `make_canvas`.
    """

    def __init__(
        self,
        theme: str,
        height_px: int,
        *,
        margins: Margins | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._height_px, self._margins = theme, height_px, margins or Margins()
        self._draw: Draw | None = None
        self.figure: Any = None
        self.axes: Any = None
        self.canvas: Any = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def make_canvas(self) -> None:
        """Make ready to draw; this imports matplotlib."""
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        self.figure = Figure()
        self.canvas = FigureCanvasQTAgg(self.figure)
        self.resize_to(self._height_px, self._margins)
        self._layout.addWidget(self.canvas)
        self.axes = self.figure.subplots()

    def resize_to(self, height_px: int, free: Margins) -> None:
        """Be so high, with so much around the axes."""
        self.figure.subplots_adjust(
            left=free.left, right=1 - free.right, top=1 - free.top, bottom=free.bottom
        )
        self.canvas.setFixedHeight(height_px)

    def show_drawing(self, draw: Draw) -> None:
        """Draw by a function that is given the axes, empty; again with each theme."""
        self._draw = draw
        self._fill()
        self.canvas.draw_idle()

    def show_theme(self, theme: str) -> None:
        """Draw in the colours of a theme of napari's."""
        self._theme = theme
        if self._draw is not None:
            self.show_drawing(self._draw)

    def redraw(self, draw: Draw, theme: str) -> None:
        """Draw now, in the colours of a theme."""
        self._draw, self._theme = draw, theme
        self._fill()
        self.canvas.draw()

    @property
    def text_color(self) -> str:
        """Colour of the letters in the present theme."""
        return str(get_theme(self._theme).text.as_hex())

    def _fill(self) -> None:
        assert self._draw is not None
        if self.canvas is None:
            self.make_canvas()
        self.axes.clear()
        self._draw(self.axes)
        self._dress()

    def _dress(self) -> None:
        """Give all of it the colours and the letters of the window."""
        colors = get_theme(self._theme)
        text, ground = self.text_color, colors.background.as_hex()
        self.figure.set_facecolor(ground)
        axes = self.axes
        axes.set_facecolor(colors.canvas.as_hex())
        axes.tick_params(colors=text, labelsize=SMALL)
        axes.xaxis.label.set(color=text, fontsize=LARGE)
        axes.yaxis.label.set(color=text, fontsize=LARGE)
        for spine in axes.spines.values():
            spine.set_color(text)
        inner = [] if axes.get_legend() is None else [axes.get_legend()]
        for legend in [*inner, *self.figure.legends]:
            legend.get_frame().set(facecolor=ground, edgecolor="none")
            for line in legend.get_texts():
                line.set(color=text, fontsize=SMALL)
