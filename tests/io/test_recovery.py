"""Painted labels on disk: what comes back, whose they are, and what is left out."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import psutil
import pytest

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.disk.processes import is_alive, this_process
from napari_emseg.io.recovery import PaintedSlice, Recovery, left_behind

ABOUT = {"name": "em mask", "shape": [3, 9, 11], "dtype": "uint8", "reviewed": []}


@pytest.fixture
def painted(rng) -> PaintedSlice:
    labels = rng.integers(0, 3, (9, 11)).astype(np.uint8)
    return PaintedSlice(labels, labels == 2)


def abandoned(painted: PaintedSlice | None = None, **about) -> Recovery:
    """A recovery whose process has ended."""
    recovery = Recovery.new()
    recovery.write(ABOUT | about, [] if painted is None else [(1, painted)])
    header = recovery.folder / "layer.json"
    header.write_text(header.read_text().replace(f"{os.getpid()},", f"{ended_process()},"))
    return recovery


def ended_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_slices_come_back(painted):
    recovery = Recovery.new()
    other = PaintedSlice(painted.labels * 0, painted.touched)
    recovery.write(ABOUT, [(2, painted), (1, other)])
    recovery.write(ABOUT, [(1, painted)])
    assert recovery.slices == (1, 2)
    assert recovery.about["name"] == "em mask"
    back = recovery.read_slice(1)
    np.testing.assert_array_equal(back.labels, painted.labels)
    np.testing.assert_array_equal(back.touched, painted.touched)
    assert back.labels.dtype == painted.labels.dtype
    recovery.write(ABOUT, [(1, None)])
    assert recovery.slices == (2,)
    recovery.discard()
    recovery.discard()
    assert not recovery.folder.exists()


def test_what_a_living_process_paints_is_not_offered(painted):
    recovery = Recovery.new()
    recovery.write(ABOUT, [(0, painted)])
    assert left_behind() == []
    assert is_alive(this_process())


def test_what_an_ended_process_painted_is_offered_the_newest_first(painted):
    first, second = abandoned(painted), abandoned(painted, name="newer")
    os.utime(first.folder, (1, 1))
    assert left_behind() == [second, first]


def test_files_come_and_go_while_it_is_looked_at(painted):
    recovery = abandoned(painted)
    (recovery.folder / ".layer-1.json").symlink_to("gone")  # listed, and gone when it is asked
    assert recovery.written > 0
    recovery.discard()
    assert recovery.written == 0
    assert recovery.is_empty


def test_where_nothing_was_painted_nothing_is_offered_nor_left(painted):
    empty, reviewed = abandoned(), abandoned(reviewed=[1])
    assert left_behind() == [reviewed]
    assert not empty.folder.exists()


def test_a_header_that_cannot_be_read_is_not_an_empty_one(painted):
    """It may hold what was reviewed."""
    reviewed, both = abandoned(reviewed=[1]), abandoned(painted)
    for each in (reviewed, both):
        (each.folder / "layer.json").write_text("{")
    assert set(left_behind()) == {reviewed, both}
    assert (reviewed.folder / "layer.json").exists()


def test_of_two_windows_one_gets_it(painted):
    recovery = abandoned(painted)
    mine = recovery.claim()
    assert mine.slices == (1,)
    assert is_alive(mine.about["process"])
    assert left_behind() == []
    with pytest.raises(ReadError, match="another window"):
        recovery.claim()


def test_another_process_with_the_same_number_is_not_the_owner():
    pid, born, machine = this_process()
    assert is_alive([pid, born, machine])
    assert is_alive([pid, born])  # as earlier versions wrote it
    since_1970 = psutil.Process().create_time()
    assert is_alive([pid, since_1970 + 1, machine])  # likewise; the clock was set right
    assert not is_alive([pid, born - 100, machine])
    assert is_alive([ended_process(), born, "another machine"])
    assert not is_alive(None)
    assert not is_alive([])
    assert not is_alive("x")


def test_a_damaged_slice_is_said(painted):
    recovery = abandoned(painted)
    file = recovery.folder / "slice-000001.npz"
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(ReadError, match="cannot be read"):
        recovery.read_slice(1)


def test_where_it_cannot_be_written_the_way_out_is_said(painted, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("EMSEG_RECOVERY_DIR", str(blocked))
    recovery = Recovery.new()
    with pytest.raises(WriteError, match="choose another path"):
        recovery.write(ABOUT, [(0, painted)])
    assert left_behind() == []


# -- a decision about a volume changes many slices, and is kept as a whole or not at all -----------

KILLED = """
import os, sys
import numpy as np
from napari_emseg.io import recovery as module
from napari_emseg.io.recovery import PaintedSlice, Recovery

def one(value):
    return PaintedSlice(np.full((9, 11), value, np.uint8), np.ones((9, 11), bool))

def slices(value):
    for z in range(3):
        yield z, one(value)
    if value == 2 and sys.argv[1] == "while slices are written":
        os._exit(9)
    yield 3, one(value) if value == 1 else None

recovery = Recovery.new()
recovery.write({"reviewed": [], "value": 1}, slices(1))
if sys.argv[1] == "before they are in their place":
    Recovery.finish = lambda self: os._exit(9)
recovery.write({"reviewed": [], "value": 2}, slices(2))
"""


@pytest.mark.parametrize(
    ("when", "value"),
    [("while slices are written", 1), ("before they are in their place", 2)],
)
def test_killed_over_a_step_all_slices_are_of_one(when, value):
    assert subprocess.run([sys.executable, "-c", KILLED, when]).returncode == 9
    (found,) = left_behind()
    assert found.about["value"] == value
    assert found.slices == ((0, 1, 2, 3) if value == 1 else (0, 1, 2))
    assert {int(found.read_slice(z).labels.max()) for z in found.slices} == {value}
    assert len(list(found.folder.iterdir())) == 1 + len(found.slices)


def test_what_cannot_be_written_whole_is_not_begun(painted, monkeypatch):
    recovery = Recovery.new()
    recovery.write(ABOUT, [(1, painted)])
    before = sorted(each.name for each in recovery.folder.iterdir())

    def too_late():
        yield 2, painted
        raise WriteError("the disk is full")

    with pytest.raises(WriteError):
        recovery.write(ABOUT, too_late())
    assert sorted(each.name for each in recovery.folder.iterdir()) == before
