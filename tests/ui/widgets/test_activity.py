from __future__ import annotations

from napari.utils import progress
from qtpy.QtWidgets import QWidget

from napari_emseg.ui.widgets.activity import Activity


def shown():
    bars = ((each.desc.removesuffix(": "), each) for each in progress._all_instances)
    return {title: (each.n, each.total) for title, each in bars if title == "Segment"}


def test_a_job_is_listed_until_it_ends(viewer, qtbot):
    activity = Activity(viewer.window._qt_window, "Segment")
    activity.show(None)
    assert shown() == {}  # not at once: napari's bar runs the event loop
    qtbot.waitUntil(lambda: shown() == {"Segment": (0, 0)})
    activity.show(0.25)
    activity.show(0.5)
    qtbot.waitUntil(lambda: shown() == {"Segment": (500, 1000)})
    activity.end()
    activity.end()
    assert shown() == {}


def test_a_job_is_listed_no_more_when_what_shows_it_is_gone(viewer, qtbot):
    parent = QWidget(viewer.window._qt_window)
    activity = Activity(parent, "Segment")
    activity.show(None)
    qtbot.waitUntil(lambda: bool(shown()))
    parent.deleteLater()
    qtbot.waitUntil(lambda: not shown())


def test_a_job_that_ends_while_its_bar_is_made_leaves_none(viewer, qtbot, monkeypatch):
    """napari's bar runs the event loop while it is made, and there the job may end."""
    activity = Activity(viewer.window._qt_window, "Segment")

    class Slow(progress):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            activity.end()

    monkeypatch.setattr("napari_emseg.ui.widgets.activity.progress", Slow)
    activity.show(0.5)
    qtbot.wait(400)
    assert shown() == {}
