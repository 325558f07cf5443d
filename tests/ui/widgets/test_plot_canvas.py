"""One canvas for all plots."""

from __future__ import annotations

import pytest

from napari_emseg.ui.widgets.plot_canvas import Margins, PlotCanvas


@pytest.fixture
def plot(qtbot):
    plot = PlotCanvas("dark", 150, margins=Margins(left=0.25, bottom=0.3))
    qtbot.addWidget(plot)
    plot.show()
    return plot


def draw(axes):
    axes.plot([0, 1], [0, 1], label="a line")
    axes.set(xlabel="x", ylabel="y")
    axes.legend()


def test_nothing_is_made_before_the_first_drawing(plot):
    plot.show_theme("light")
    assert plot.canvas is None
    plot.show_drawing(draw)
    assert plot.canvas.height() == 150
    assert plot.axes.get_position().x0 == pytest.approx(0.25)
    assert plot.axes.get_position().y0 == pytest.approx(0.3)


def test_each_drawing_replaces_the_last_one_and_follows_the_theme(plot):
    plot.show_drawing(draw)
    plot.show_drawing(draw)
    assert len(plot.axes.lines) == 1
    dark = plot.figure.get_facecolor(), plot.axes.xaxis.label.get_color()
    plot.show_theme("light")
    light = plot.figure.get_facecolor(), plot.axes.xaxis.label.get_color()
    assert sum(light[0][:3]) > 2 > sum(dark[0][:3])
    assert light[1] != dark[1]
    (letters,) = plot.axes.get_legend().get_texts()
    assert letters.get_color() == plot.text_color == light[1]
    assert len(plot.axes.lines) == 1


def test_a_drawing_can_be_wanted_at_once(plot):
    plot.make_canvas()
    drawn = []
    plot.canvas.mpl_connect("draw_event", drawn.append)
    plot.redraw(draw, "light")
    assert len(drawn) == 1
