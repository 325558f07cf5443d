"""What is kept out of garbage collections, and that removed layers are freed all the same."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

from napari_emseg.ui.background.garbage import put_off_collections, spare_the_window

MANY = 10_000


@pytest.fixture(autouse=True)
def _thaw():
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.fixture
def dock(viewer):
    """Something of ours in the window."""
    dock = QWidget()
    viewer.window.add_dock_widget(dock, name="a dock")
    return dock


def add_layer(viewer) -> weakref.ref:
    return weakref.ref(viewer.add_image(np.zeros((8, 8))))


def full_collections(act) -> list[int]:
    """How many objects each full collection left out while ``act`` was called."""
    left_out = []

    def note(phase, info):
        if phase == "start" and info["generation"] == 2:
            left_out.append(gc.get_freeze_count())

    gc.callbacks.append(note)
    act()
    gc.callbacks.remove(note)
    return left_out


def test_what_is_loaded_is_exempt_until_the_dock_is_closed(viewer, dock):
    spare_the_window(viewer, dock)
    assert gc.get_freeze_count() > MANY
    viewer.window.remove_dock_widget(dock)
    assert gc.get_freeze_count() == 0


def test_closing_one_dock_ends_nothing_for_another(viewer, dock, qtbot):
    other = QWidget()
    viewer.window.add_dock_widget(other, name="another dock")
    for each in (dock, other):
        spare_the_window(viewer, each)
    viewer.window.remove_dock_widget(dock)
    assert gc.get_freeze_count() > MANY
    alive = add_layer(viewer)

    def remove():
        viewer.layers.clear()
        qtbot.wait(100)
        gc.collect()

    assert min(full_collections(remove)) > MANY  # the other one still spares the window
    assert alive() is None
    viewer.window.remove_dock_widget(other)
    assert gc.get_freeze_count() == 0


def test_layers_that_came_later_go_without_a_walk_over_all_objects(viewer, dock, qtbot):
    spare_the_window(viewer, dock)
    alive = [add_layer(viewer) for _ in range(3)]

    def remove():
        viewer.layers.clear()
        qtbot.wait(100)
        gc.collect()

    left_out = full_collections(remove)
    assert len(left_out) >= 2  # napari makes one, and so does this test
    assert min(left_out) > MANY
    assert [each() for each in alive] == [None] * 3


def test_layers_that_were_there_are_freed_by_one_walk_over_all_objects(viewer, dock, qtbot):
    alive = [add_layer(viewer) for _ in range(3)]
    spare_the_window(viewer, dock)

    def remove():
        viewer.layers.clear()
        qtbot.waitUntil(lambda: [each() for each in alive] == [None] * 3)

    assert len([each for each in full_collections(remove) if each < MANY]) == 1
    assert gc.get_freeze_count() > MANY


def test_a_layer_that_is_removed_while_a_dock_opens_is_freed(viewer, dock, qtbot):
    spare_the_window(viewer, dock)
    alive, other = add_layer(viewer), QWidget()
    viewer.layers.clear()
    viewer.window.add_dock_widget(other, name="another dock")
    spare_the_window(viewer, other)  # freezes the layer, too
    qtbot.waitUntil(lambda: alive() is None)


def test_objects_of_other_threads_are_left_alone(viewer, dock, qtbot, monkeypatch):
    """Who holds a tuple that another thread is making takes it away from that thread."""

    def hold(*_):
        pytest.fail("holds all objects, also those that are being made")

    for name in ("get_objects", "get_referrers"):
        monkeypatch.setattr(gc, name, hold)
    alive = add_layer(viewer)
    spare_the_window(viewer, dock)
    viewer.layers.clear()
    qtbot.waitUntil(lambda: alive() is None)


def test_nothing_is_collected_before_the_event_loop_turns(qtbot):
    put_off_collections()
    assert not gc.isenabled()
    qtbot.waitUntil(gc.isenabled)
