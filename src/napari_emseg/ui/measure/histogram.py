"""How often which value is: bars in the colours that cells have by them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.measure.value_scale import ValueScale
from napari_emseg.ui.measure.cell_colors import scale_colors
from napari_emseg.ui.measure.table_rows import written
from napari_emseg.ui.widgets.plot_canvas import Margins, PlotCanvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BINS, _HEIGHT_PX = 40, 130
_PLAIN, _MARK = "#56b4e9", "#d55e00"


class Histogram(PlotCanvas):
    """The values of a column, with a line at that of the cell that is chosen."""

    def __init__(self, theme: str) -> None:
        super().__init__(theme, _HEIGHT_PX, margins=Margins(top=0.06, bottom=0.36, left=0.15))
        self.setAccessibleName("Histogram")
        self.setToolTip(
            "How many of the rows that are shown have which value; the line marks the row that is "
            "chosen. What lies beyond the ends is counted there."
        )

    def show_values(
        self, name: str, values: npt.NDArray[Any], scale: ValueScale | None,
        *, marked: float | None, is_colored: bool,
    ) -> None:  # fmt: skip
        """Draw these, or nothing where there is no scale."""
        self.setVisible(scale is not None)
        if scale is not None:
            counts = counted(values, scale)
            self.show_drawing(partial(_draw, name, counts, scale, marked, is_colored))


def counted(values: npt.NDArray[Any], scale: ValueScale) -> npt.NDArray[np.int64]:
    """How many values lie in each bin of a scale; those beyond its ends in the outermost ones."""
    parts = scale.parts(values)
    bins = np.minimum((parts[~np.isnan(parts)] * _BINS).astype(int), _BINS - 1)
    return np.bincount(bins, minlength=_BINS)


def about(scale: ValueScale, values: npt.NDArray[Any]) -> str:
    """The ends of a scale in words, and what lies beyond."""
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    low, high = written(scale.low), written(scale.high)
    said = f"{low} to {high}{', logarithmic' if scale.is_log else ''}"
    if known.size and (known.min() < scale.low or known.max() > scale.high):
        said += f" (all: {written(float(known.min()))} to {written(float(known.max()))})"
    return said


def _draw(
    name: str, counts: npt.NDArray[np.int64], scale: ValueScale, marked: float | None,
    is_colored: bool, axes: Axes,
) -> None:  # fmt: skip
    edges = scale.edges(_BINS)
    colors: Any = scale_colors(_BINS) if is_colored else _PLAIN
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colors)
    axes.set_xscale("log" if scale.is_log else "linear")
    axes.set_xlim(edges[0], edges[-1])
    if marked is not None and marked == marked:
        axes.axvline(float(np.clip(marked, edges[0], edges[-1])), color=_MARK, linewidth=2)
    axes.set_xlabel(name)
    axes.set_ylabel("rows")
    axes.locator_params(axis="y", integer=True)
    axes.margins(y=0.05)
