"""Painted labels outlive a crash and the end of napari; nothing is offered that was saved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from threading import Event

import numpy as np
import pytest
from napari.layers import Labels

from napari_emseg.io.folders import recovery_folder
from napari_emseg.io.napari_writer import write_labels
from napari_emseg.io.recovery import PaintedSlice, Recovery, left_behind
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.painting.recovery_row import RecoveryOffer
from napari_emseg.ui.viewer.stack_layers import NapariLabels

SHAPE = (4, 40, 50)

PAINTER = """
import sys, time
import napari, numpy as np
from qtpy.QtCore import QTimer
from napari_emseg.ui.painting.autosave import autosave_of

viewer = napari.Viewer(show=True)
layer = viewer.add_labels(
    np.ones((4, 40, 50), np.uint8), name="em mask", scale=(50, 4, 4), translate=(100, 0, 0)
)
autosave_of(viewer)
layer.brush_size = 3
count = 0

def paint():
    global count
    layer.paint((2, 20, count % 50), 7)
    count += 1
    print(f"{time.time()} {count}", flush=True)

timer = QTimer()
timer.timeout.connect(paint)
timer.start(200)
napari.run()
"""


@pytest.fixture
def layer(viewer):
    layer = viewer.add_labels(np.ones(SHAPE, np.uint8), name="em mask", scale=(50, 4, 4))
    layer.brush_size = 3
    return layer


@pytest.fixture
def saving(viewer):
    return autosave_of(viewer)


@pytest.fixture
def offer(viewer):
    offer = RecoveryOffer(viewer)
    yield offer
    offer.stop()


def kept() -> list:
    return sorted(path.name for path in recovery_folder().glob("*/slice-*.npz"))


def test_strokes_are_on_disk_within_seconds(layer, saving, qtbot):
    layer.paint((2, 10, 10), 7)
    qtbot.waitUntil(lambda: kept() == ["slice-000002.npz"], timeout=5000)
    layer.paint((0, 10, 10), 7)
    qtbot.waitUntil(lambda: len(kept()) == 2, timeout=5000)
    assert left_behind() == []  # this process lives


def test_a_stroke_that_is_undone_leaves_nothing(layer, saving, qtbot):
    layer.paint((2, 10, 10), 7)
    saving.wait()
    assert len(kept()) == 1
    layer.undo()
    qtbot.waitUntil(lambda: saving.of(layer).edits.slices == (), timeout=5000)
    qtbot.waitUntil(lambda: not any(recovery_folder().iterdir()), timeout=5000)
    layer.redo()
    saving.wait()
    assert len(kept()) == 1
    assert saving.of(layer).edits.slices == (2,)


def test_strokes_that_go_on_do_not_put_off_the_writing(layer, saving, qtbot):
    begun = time.monotonic()
    while not kept():
        layer.paint((2, 10, int(time.monotonic() * 20) % 50), 7)
        qtbot.wait(50)
        assert time.monotonic() - begun < 4


def test_what_was_saved_is_not_kept(layer, saving, qtbot, tmp_path):
    layer.paint((1, 10, 10), 7)
    saving.wait()
    data, meta, _ = layer.as_layer_data_tuple()
    write_labels(str(tmp_path / "labels.tif"), data, meta)
    saving.wait()
    assert kept() == []
    layer.paint((2, 10, 10), 7)  # and from then on all that was ever painted
    saving.wait()
    assert kept() == ["slice-000001.npz", "slice-000002.npz"]


def test_what_is_not_saved_outlives_a_regular_end(layer, saving):
    layer.paint((2, 10, 10), 7)
    saving.close()  # before it would have been written by itself
    assert kept() == ["slice-000002.npz"]
    layer.paint((2, 20, 20), 7)
    saving.close()


def test_the_end_of_the_window_is_a_regular_end(make_napari_viewer, qtbot, tmp_path):
    viewer = make_napari_viewer(show=True)
    saved, unsaved = (viewer.add_labels(np.ones(SHAPE, np.uint8)) for _ in range(2))
    saving = autosave_of(viewer)
    for layer, z in ((saved, 1), (unsaved, 2)):
        layer.paint((z, 10, 10), 7)
    saving.wait()
    data, meta, _ = saved.as_layer_data_tuple()
    write_labels(str(tmp_path / "labels.tif"), data, meta)
    viewer.close()
    qtbot.waitUntil(lambda: kept() == ["slice-000002.npz"], timeout=5000)


def test_reviewed_slices_are_kept_too(layer, saving):
    saving.of(layer).review(3, reviewed=True)
    saving.wait()
    assert kept() == ["slice-000003.npz"]
    saving.of(layer).review(3, reviewed=False)
    saving.wait()
    assert kept() == []


def test_layers_without_strokes_take_no_space(viewer, saving):
    viewer.add_labels(np.zeros(SHAPE, int))
    viewer.add_labels(np.zeros((2, *SHAPE), int))  # four axes are not ours
    saving.wait()
    assert not any(recovery_folder().iterdir())


def test_a_layer_that_was_removed_can_be_brought_back(viewer, layer, saving, offer, qtbot):
    offer.look()
    assert offer.recovery is None
    layer.paint((2, 10, 10), 7)
    before = layer.data.copy()
    go_on = Event()
    saving.session.lane.run(go_on.wait)
    viewer.layers.remove(layer)
    qtbot.wait(50)
    assert offer.recovery is None  # it is not written yet
    go_on.set()
    qtbot.waitUntil(lambda: offer.recovery is not None)
    assert "1 painted slice of 'em mask' was removed" in offer.text.value
    offer.accept.native.click()
    assert offer.recovery is None
    back = viewer.layers["em mask"]
    np.testing.assert_array_equal(back.data[2], before[2])
    viewer.layers.remove(back)
    qtbot.waitUntil(lambda: offer.recovery is not None)
    offer.discard.native.click()  # asks
    assert offer.text.value.startswith("Delete this for good? ")
    offer.keep.native.click()
    assert not offer.text.value.startswith("Delete")
    assert offer.recovery is not None
    offer.discard.native.click()
    offer.delete.native.click()
    assert offer.recovery is None
    assert not any(recovery_folder().iterdir())


def test_every_dock_offers_what_was_left_behind(viewer, qtbot):
    recovery = Recovery.new()
    lost = Labels(np.ones(SHAPE, np.uint8), name="lost")
    about = {**NapariLabels(lost).about(), "reviewed": [1]}
    recovery.write(about, [(1, PaintedSlice(lost.data[1], lost.data[1] > 1))])
    path = recovery.folder / "layer.json"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    path.write_text(path.read_text().replace(f"{os.getpid()},", f"{ended.pid},"))

    docks = [
        viewer.window.add_plugin_dock_widget("napari-emseg", name, tabify=False)[1]
        for name in ("Segment", "Train", "Correct", "Compare")
    ]
    assert all(dock.recovery.recovery == recovery for dock in docks)
    assert all(dock.recovery.native.isVisibleTo(dock.recovery.native.parent()) for dock in docks)
    docks[0].recovery.accept.native.click()
    assert "lost" in viewer.layers
    assert all(dock.recovery.recovery is None for dock in docks)
    assert not any(
        dock.recovery.native.isVisibleTo(dock.recovery.native.parent()) for dock in docks
    )
    assert autosave_of(viewer).of(viewer.layers["lost"]).edits.slices == (1,)


def test_a_full_disk_is_said_once_and_tried_again(layer, saving, qtbot, monkeypatch, tmp_path):
    said = []
    monkeypatch.setattr(saving.session, "_warn", said.append)
    blocked = tmp_path / "file"
    blocked.write_text("")
    kept_of = saving.session._kept[saving.of(layer)]
    good = kept_of.recovery
    kept_of.recovery = type(good)(blocked / "x")
    for x in (10, 20):
        layer.paint((2, 10, x), 7)
        saving.wait()
        qtbot.wait(50)
    assert len(said) == 1
    assert "Save them yourself" in said[0]
    kept_of.recovery = good
    layer.paint((2, 10, 30), 7)
    saving.wait()
    assert len(kept()) == 1


def test_the_window_is_not_held_up(viewer, saving):
    """A slice of 4096 x 4096 is copied, compared and written beside the window's thread."""
    layer = viewer.add_labels(np.ones((2, 4096, 4096), np.uint8))
    layer.paint((1, 10, 10), 7)
    begun = time.thread_time()  # of this thread alone, however busy the machine is
    saving.session.write()
    took = time.thread_time() - begun
    saving.wait()
    assert kept() == ["slice-000001.npz"]
    assert took < 0.05


def painting_process() -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", PAINTER], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def paint_and_kill(seconds: float) -> list[float]:
    """When each stroke was made by a napari that is killed so long after its first stroke."""
    process = painting_process()
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    return [float(line.split()[0]) for line in rest if len(line.split()) == 2]


@pytest.mark.slow
def test_kill_9_loses_five_seconds_at_most(viewer, offer):
    strokes = paint_and_kill(6)
    killed = strokes[-1]
    assert len(strokes) > 10
    offer.look()
    assert offer.visible or offer.recovery is not None
    assert "1 painted slice of 'em mask' was not saved" in offer.text.value
    offer.accept.native.click()

    layer = viewer.layers["em mask"]
    np.testing.assert_array_equal(layer.scale, (50, 4, 4))
    np.testing.assert_array_equal(layer.translate, (100, 0, 0))
    sevens = int((layer.data[2, 20] == 7).sum())  # the n-th stroke reaches pixel n
    lost = [when for number, when in enumerate(strokes, 2) if number > sevens]
    assert not lost or killed - lost[0] < 5
    assert not layer.data[[0, 1, 3]].any()
    edits = autosave_of(viewer).of(layer).edits
    assert edits.slices == (2,)
    np.testing.assert_array_equal(edits.of(2).touched(layer.data[2]), layer.data[2] == 7)
    assert offer.recovery is None


@pytest.mark.slow
def test_two_windows_do_not_take_from_each_other(viewer, offer, qtbot):
    process = painting_process()
    try:
        assert process.stdout is not None
        process.stdout.readline()
        qtbot.waitUntil(lambda: bool(kept()), timeout=10_000)
        offer.look()
        assert offer.recovery is None
        layer = viewer.add_labels(np.ones(SHAPE, np.uint8))
        layer.paint((0, 5, 5), 3)
        autosave_of(viewer).wait()
        assert kept() == ["slice-000000.npz", "slice-000002.npz"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    offer.look()
    assert offer.recovery is not None
    offer.discard.native.click()  # asks
    assert offer.text.value.startswith("Delete this for good? ")
    offer.keep.native.click()
    assert not offer.text.value.startswith("Delete")
    assert offer.recovery is not None
    offer.discard.native.click()
    offer.delete.native.click()
    assert kept() == ["slice-000000.npz"]
