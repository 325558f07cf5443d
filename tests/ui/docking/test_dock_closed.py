"""When a docked widget counts as closed."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_emseg.ui.docking.dock_closed import WhenClosed


@pytest.fixture
def docked(viewer):
    """A docked widget, its dock, and how often it was said to be closed."""
    widget, closed = QWidget(), []
    dock = viewer.window.add_dock_widget(widget, name="probe")
    WhenClosed(widget, lambda: closed.append(True))
    return widget, dock, closed


def test_hidden_or_floating_is_not_closed(docked, qtbot):
    _, dock, closed = docked
    dock.setVisible(False)
    dock.setVisible(True)
    dock.setFloating(True)
    qtbot.wait(50)
    assert not closed


def test_the_cross_closes(docked):
    _, dock, closed = docked
    dock.destroyOnClose()
    assert closed


def test_destroyed_is_closed(docked, qtbot):
    widget, _, closed = docked
    widget.deleteLater()
    qtbot.waitUntil(lambda: bool(closed))


def test_closed_and_then_destroyed_is_closed_once(docked, qtbot):
    widget, dock, closed = docked
    dock.destroyOnClose()
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert closed == [True]


def test_docked_again_it_can_be_closed_again(viewer, docked, qtbot):
    widget, dock, closed = docked
    dock.destroyOnClose()
    viewer.window.add_dock_widget(widget, name="again")
    widget.deleteLater()
    qtbot.waitUntil(lambda: closed == [True, True])


def test_a_window_that_goes_is_still_whole_when_the_dock_is_closed(qtbot):
    """napari's canvas is destroyed before its docks, which must put it in order first."""
    window, widget, canvas = QMainWindow(), QWidget(), QWidget()
    window.setCentralWidget(canvas)
    dock = QDockWidget(window)
    dock.setWidget(widget)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    destroyed, closed = [], []
    canvas.destroyed.connect(lambda: destroyed.append(True))
    WhenClosed(widget, lambda: closed.append(list(destroyed)))
    window.show()
    qtbot.waitExposed(window)
    with qtbot.waitSignal(window.destroyed):
        window.deleteLater()
    assert closed == [[]]


@pytest.mark.parametrize("name", ["Segment", "Train", "Correct", "Compare", "Measure"])
def test_a_dock_may_close_before_its_pages_are_built(viewer, qtbot, name):
    _, widget = viewer.window.add_plugin_dock_widget("napari-emseg", name)
    with qtbot.waitSignal(getattr(widget, "native", widget).destroyed):
        getattr(widget, "native", widget).deleteLater()


def test_a_dock_is_still_whole_when_it_is_about_to_be_destroyed(qtbot):
    """Its timers, which who closes it may stop, are destroyed before it says that it is."""
    widget = QWidget()
    timer, closed = QTimer(widget), []
    WhenClosed(widget, lambda: closed.append(timer.isActive()))
    timer.start(100_000)
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert closed == [True]
