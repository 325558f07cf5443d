"""What is written when, and by whom, of what a person paints; without a window."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tracemalloc
from queue import Queue

import numpy as np
import pytest

from napari_emseg.core.correct.difference import difference_of
from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import ReadError
from napari_emseg.io import recovery as recovery_module
from napari_emseg.io.folders import recovery_folder
from napari_emseg.io.recovery import Recovery
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.painting.array_labels import ArrayLabels
from napari_emseg.session.painting.autosave import Autosave
from napari_emseg.session.painting.restoring import offer_text, restored_labels
from napari_emseg.session.thread_lane import ThreadLane

SHAPE = (4, 40, 50)


def ones(name: str = "em mask") -> ArrayLabels:
    return ArrayLabels(np.ones(SHAPE, np.uint8), name)


def stroke(labels: ArrayLabels, z: int, x: int = 10) -> None:
    labels.paint(z, slice(5, 8), slice(x, x + 3), 7)


def kept() -> list[str]:
    return sorted(path.name for path in recovery_folder().glob("*/slice-*.npz"))


@pytest.fixture
def said():
    return []


@pytest.fixture
def saving(executor, said):
    return Autosave(executor, said.append)


@pytest.fixture
def labels(saving):
    labels = ones()
    saving.add(labels.tracker)
    return labels


def test_strokes_are_written_a_little_later(labels, executor):
    stroke(labels, 2)
    assert kept() == []
    executor.pass_time()
    assert kept() == ["slice-000002.npz"]
    stroke(labels, 0)
    executor.pass_time()
    assert len(kept()) == 2


def test_what_is_undone_leaves_nothing(labels, executor):
    stroke(labels, 2)
    executor.pass_time()
    labels.undo()
    executor.pass_time()
    assert not any(recovery_folder().iterdir())
    assert labels.tracker.edits.slices == ()
    labels.redo()
    executor.pass_time()
    assert kept() == ["slice-000002.npz"]


def test_a_slice_is_written_once_a_version(labels, executor, monkeypatch):
    written, write = [], recovery_module._write_slice
    monkeypatch.setattr(
        recovery_module, "_write_slice",
        lambda path, painted: (written.append(path.name[-10:]), write(path, painted)),
    )  # fmt: skip
    stroke(labels, 2)
    executor.pass_time()
    stroke(labels, 1)
    executor.pass_time()
    assert written == ["000002.npz", "000001.npz"]


def test_what_was_painted_before_is_kept_too(saving, executor):
    labels = ones()
    stroke(labels, 3)
    saving.add(labels.tracker)
    executor.pass_time()
    assert kept() == ["slice-000003.npz"]


def test_what_was_saved_is_not_kept_until_more_is_painted(labels, saving, executor):
    stroke(labels, 1)
    executor.pass_time()
    saving.saved(labels.tracker.edits)
    executor.pass_time()
    assert kept() == []
    stroke(labels, 2)  # and from then on all that was ever painted
    executor.pass_time()
    assert kept() == ["slice-000001.npz", "slice-000002.npz"]
    saving.saved(Edits())  # of another layer
    assert len(kept()) == 2


def test_reviewed_slices_are_kept_too(labels, executor):
    labels.tracker.review(3, reviewed=True)
    executor.pass_time()
    assert kept() == ["slice-000003.npz"]
    labels.tracker.review(3, reviewed=False)
    executor.pass_time()
    assert kept() == []


def test_at_the_end_all_is_written(labels, saving):
    stroke(labels, 2)
    saving.close()
    assert kept() == ["slice-000002.npz"]
    stroke(labels, 1)  # nobody listens any more
    saving.close()
    assert kept() == ["slice-000002.npz"]


def test_a_removed_layer_is_offered_and_can_be_taken_back(labels, saving, executor):
    told = []
    saving.offers_changed.connect(lambda: told.append(len(saving.left_behind())))
    stroke(labels, 2)
    saving.remove(labels.tracker)
    assert told == [1]
    (lost,) = saving.removed
    assert "1 painted slice of 'em mask' was removed" in offer_text(lost, was_removed=True, more=0)
    restored = restored_labels(lost)
    np.testing.assert_array_equal(restored.data[2], labels.data[2])
    assert not restored.data[[0, 1, 3]].any()
    mine = saving.claim(lost)
    back = ArrayLabels(restored.data, edits=restored.edits)
    saving.add(back.tracker)
    saving.adopt(back.tracker, mine)
    assert saving.left_behind() == []
    executor.pass_time()
    assert kept() == ["slice-000002.npz"]
    with pytest.raises(ReadError, match="another window"):
        saving.claim(lost)
    saving.remove(back.tracker)
    saving.forget(saving.removed[0])
    assert saving.left_behind() == []
    assert not any(recovery_folder().iterdir())


def test_a_removed_layer_without_strokes_is_not_offered(labels, saving, executor):
    stroke(labels, 2)
    executor.pass_time()
    labels.undo()
    executor.pass_time()
    saving.remove(labels.tracker)
    saving.remove(ones().tracker)  # one it has never heard of
    assert saving.left_behind() == []


def test_what_another_process_has_left_is_offered(saving, said, executor):
    labels = ones("lost")
    saving.add(labels.tracker)
    stroke(labels, 1)
    stroke(labels, 2)
    executor.pass_time()
    assert saving.left_behind() == []  # this process lives
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    (header,) = recovery_folder().glob("*/layer.json")
    header.write_text(header.read_text().replace(f"{os.getpid()},", f"{ended.pid},"))
    (found,) = saving.left_behind()
    text = offer_text(found, was_removed=False, more=2)
    assert text.startswith("2 painted slices of 'lost' were not saved; the last change is of")
    assert text.endswith(" 2 more after this.")


def test_a_full_disk_is_said_once_and_tried_again(labels, saving, executor, said, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    kept_of = saving._kept[labels.tracker]
    good, kept_of.recovery = kept_of.recovery, Recovery(blocked / "x")
    for x in (10, 20):
        stroke(labels, 2, x)
        executor.pass_time()
    assert len(said) == 1
    assert "Save them yourself" in said[0]
    kept_of.recovery = good
    stroke(labels, 1)
    executor.pass_time()
    assert kept() == ["slice-000001.npz", "slice-000002.npz"]


# -- the window's thread, and memory ---------------------------------------------------------------


class WatchedLabels(ArrayLabels):
    """Notes in which thread pixels of a slice are read."""

    def __init__(self, data):
        self.reads: list[tuple[int, int]] = []
        super().__init__(data)

    def slice(self, z):
        return _Reading(self, z)


class _Reading:
    """A lazy slice: whoever wants its pixels is noted."""

    def __init__(self, labels, z):
        self._labels, self._z = labels, z

    def __array__(self, dtype=None, copy=None):
        self._labels.reads.append((self._z, threading.get_ident()))
        values = np.asarray(self._labels.data[self._z], dtype)
        return values.copy() if copy else values


class Threads:
    """An executor with real lanes, whose results wait until they are asked for."""

    def __init__(self):
        self.calls: Queue = Queue()
        self._direct = DirectExecutor()
        self.timer, self.pass_time = self._direct.timer, self._direct.pass_time

    def lane(self, name):
        return ThreadLane(name, self.calls.put)

    def deliver(self, call):
        self.calls.put(call)

    def hand_over(self):
        while not self.calls.empty():
            self.calls.get()()


def test_a_whole_stack_made_editable_is_not_copied_for_nothing():
    """Of a large stack only the slice that a person has painted on is read, and in the lane."""
    depth, edge = 64, 512
    executor = Threads()
    saving = Autosave(executor, print)
    labels = WatchedLabels(np.zeros((depth, edge, edge), np.uint8))
    tracker, here = labels.tracker, threading.get_ident()
    saving.add(tracker)
    cells = np.kron(np.arange(64).reshape(8, 8), np.ones((64, 64))).astype(np.uint8)
    tracemalloc.start()
    begun, _ = tracemalloc.get_traced_memory()
    plan = tracker.plan(((z, cells) for z in range(depth)), "keep my edits", tracker.versions())
    tracker.write(plan)
    del plan
    labels.reads.clear()
    executor.pass_time()
    saving.lane.wait()
    executor.hand_over()
    held = tracemalloc.get_traced_memory()[0] - begun
    tracemalloc.stop()
    assert labels.reads == []  # nothing of it is a person's
    assert kept() == []
    assert held < labels.data.nbytes / 20  # of twice as much that undo needs

    wanted = cells.copy()
    wanted[:3, :3] = 200
    labels.data[9] = cells
    labels.write([difference_of(9, cells, wanted)])
    labels.reads.clear()
    executor.pass_time()
    saving.lane.wait()
    executor.hand_over()
    assert {z for z, _ in labels.reads} == {9}
    assert here not in {thread for _, thread in labels.reads}
    assert kept() == ["slice-000009.npz"]
    saving.close()


def test_baselines_are_packed_once_a_stroke_is_written(labels, executor):
    stroke(labels, 2)
    baseline = labels.tracker.edits.of(2).baseline
    assert not baseline.is_packed
    executor.pass_time()
    assert baseline.is_packed
    assert labels.tracker.is_edited


def test_two_windows_do_not_mix(executor, said):
    one, other = Autosave(executor, said.append), Autosave(executor, said.append)
    mine, theirs = ones("mine"), ones("theirs")
    one.add(mine.tracker)
    other.add(theirs.tracker)
    stroke(mine, 1)
    stroke(theirs, 2)
    executor.pass_time()
    one.remove(mine.tracker)
    assert len(one.left_behind()) == 1
    assert other.left_behind() == []


def test_a_layer_whose_file_holds_its_edits_is_not_called_unsaved(saving, executor):
    painted = ones()
    stroke(painted, 2)
    note = painted.tracker.edits.note_of(painted.data)
    read = ArrayLabels(painted.data, edits=Edits.from_note(note, SHAPE), is_stored=True)
    saving.add(read.tracker)
    executor.pass_time()
    assert kept() == []
    saving.remove(read.tracker)
    assert saving.left_behind() == []

    again = ArrayLabels(painted.data, edits=Edits.from_note(note, SHAPE), is_stored=True)
    saving.add(again.tracker)
    stroke(again, 0)
    saving.remove(again.tracker)
    (offered,) = saving.left_behind()
    assert offered.slices == (0, 2)  # with what the file alone held until then
