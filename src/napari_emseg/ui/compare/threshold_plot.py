"""Scores over the threshold, with the best and the present one marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_emseg.report.figures import draw_sweep
from napari_emseg.ui.widgets.figure_widget import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_emseg.core.scores.scores import StackScores

_HEIGHT_PX = 210


class SweepPlot(Plot):
    """The sweep of a stack, or of as many slices as are scored."""

    def __init__(self, theme: str) -> None:
        super().__init__(theme, _HEIGHT_PX)
        self.setToolTip("Scores over the threshold, as means over the slices scored so far.")

    def show_sweep(self, scores: StackScores | None, present: float) -> None:
        """Draw a sweep; None takes the curves away."""
        self.setVisible(scores is not None)
        if scores is None:
            return

        def draw(axes: Axes) -> None:
            draw_sweep(axes, scores.sweep, scores.threshold, present)
            axes.set_ylabel("mean")

        self.show_drawing(draw)
