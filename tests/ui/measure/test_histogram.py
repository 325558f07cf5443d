from __future__ import annotations

import numpy as np

from napari_emseg.core.measure.value_scale import ValueScale
from napari_emseg.ui.measure.histogram import Histogram, about, counted


def test_all_numbers_are_counted_those_beyond_the_ends_too():
    counts = counted(np.array([0.0, 1, 2, 10, 999, np.nan]), ValueScale(1, 10))
    assert (counts.sum(), counts[0], counts[-1]) == (5, 2, 2)


def test_the_ends_are_said_and_what_lies_beyond():
    assert about(ValueScale(1, 10), np.array([1, 5])) == "1 to 10"
    assert about(ValueScale(0.01, 10, True), np.array([0.001, 5, np.nan])) == (
        "0.01 to 10, logarithmic (all: 0.001 to 5)"
    )


def test_bars_have_the_colours_of_the_cells(qtbot):
    plot = Histogram("dark")
    qtbot.addWidget(plot)
    values, scale = np.arange(50), ValueScale(0, 49)
    plot.show_values("slices", values, scale, marked=7.0, is_colored=False)
    assert len({bar.get_facecolor() for bar in plot.axes.patches}) == 1
    assert [line.get_xdata()[0] for line in plot.axes.lines] == [7]
    plot.show_values("slices", values, scale, marked=None, is_colored=True)
    assert len({bar.get_facecolor() for bar in plot.axes.patches}) == len(plot.axes.patches)
    assert not plot.axes.lines
    plot.show_values("slices", values, None, marked=None, is_colored=True)
    assert plot.isHidden()
