from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, QRect

DOCKS = ("Segment", "Train", "Correct", "Compare", "Measure")
MAIN_BUTTONS = {
    "Segment": lambda dock: dock.buttons.current.native,
    "Train": lambda dock: dock.run.start.native,
    "Correct": lambda dock: dock.tabs.tabBar(),
    "Compare": lambda dock: dock.run.start.native,
    "Measure": lambda dock: dock.run.start.native,
}


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (1024, 768)])
def test_all_docks_fit_into_the_window_and_show_their_main_button(viewer, qtbot, size):
    window = viewer.window._qt_window
    window.resize(*size)
    docked = {name: viewer.window.add_plugin_dock_widget("napari-emseg", name) for name in DOCKS}
    qtbot.wait(50)
    assert (window.width(), window.height()) == size
    shown = QRect(QPoint(0, 0), window.size())
    for name, (dock, widget) in docked.items():
        dock.raise_()
        qtbot.waitUntil(lambda widget=widget: not widget.visibleRegion().isEmpty())
        button = MAIN_BUTTONS[name](widget)
        place = QRect(button.mapTo(window, QPoint(0, 0)), button.size())
        assert shown.contains(place), (name, place)
        assert button.visibleRegion().boundingRect() == button.rect(), name


def test_docks_lie_on_one_another_under_short_titles(viewer, qtbot):
    docks = [viewer.window.add_plugin_dock_widget("napari-emseg", name)[0] for name in DOCKS]
    window = viewer.window._qt_window
    qtbot.waitUntil(lambda: set(window.tabifiedDockWidgets(docks[0])) == set(docks[1:]))
    assert [dock.windowTitle() for dock in docks] == list(DOCKS)


def test_a_dock_stays_where_it_is_dragged(viewer, qtbot):
    first, second = (
        viewer.window.add_plugin_dock_widget("napari-emseg", name)[0] for name in DOCKS[:2]
    )
    window = viewer.window._qt_window
    qtbot.waitUntil(lambda: second in window.tabifiedDockWidgets(first))
    second.setFloating(True)
    qtbot.wait(20)
    second.hide()
    second.show()
    assert second.isFloating()
    assert second not in window.tabifiedDockWidgets(first)
