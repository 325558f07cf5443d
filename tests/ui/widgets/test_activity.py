from __future__ import annotations

from napari.utils import progress

from napari_emseg.ui.widgets.activity import Activity


def shown():
    return {each.desc.removesuffix(": "): (each.n, each.total) for each in progress._all_instances}


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
