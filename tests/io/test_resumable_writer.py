"""Outputs that grow slice by slice, stop at any moment, and go on."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.lock import Lock, Owner
from napari_emseg.io.disk.unfinished import RECORD
from napari_emseg.io.formats.registry import slice_ending_for
from napari_emseg.io.read import read_stack
from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack

VOXEL = (50.0, 4.5, 4.0)
RUN = {"input": "a.tif", "slices": (0, 1, 2), "threshold": 0.5}
FORMS = ["a.zarr", "a.tif", "a.npy", "a/"]


@pytest.fixture(params=[np.uint8, np.uint32, np.float32])
def stack(rng, request) -> Stack:
    return Stack(rng.integers(1, 99, (4, 19, 23)).astype(request.param), VOXEL, "x", "labels")


def growing(folder, name: str, stack: Stack, run=RUN, **how) -> ResumableWriter:
    planned = planned_stack(stack, len(stack), stack.data.dtype)
    return ResumableWriter(f"{folder}/{name}", planned, run, **how)


def at_once(folder, name: str, stack: Stack, **how) -> None:
    ending = slice_ending_for(stack.data.dtype)
    write_stack(f"{folder}/{name}", stack, slice_ending=ending, **how)


def write(out: ResumableWriter, stack: Stack, until: int | None = None) -> None:
    with out:
        for z in range(out.done, until or len(stack)):
            out.put(z, stack.slice(z))


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", FORMS)
def test_stopped_and_gone_on_with(tmp_path, stack, name):
    write(growing(tmp_path, name, stack), stack, 2)
    out = growing(tmp_path, name, stack, resume=True)
    assert out.done == 2
    assert out.highest == stack.data[:2].max()
    np.testing.assert_array_equal(out.last(), stack.slice(1))
    write(out, stack)
    found = read_stack(tmp_path / name, raw_values=True)
    assert found.data.dtype == stack.data.dtype
    np.testing.assert_array_equal(np.asarray(found.data), stack.data)
    in_png = name == "a/" and stack.data.dtype == np.uint8
    assert found.voxel_size_nm == (None if name == "a.npy" or in_png else VOXEL)
    assert names(tmp_path) == {name.strip("/")}
    assert name != "a/" or len(names(tmp_path / "a")) == 4


def test_zarr_and_folder_can_be_opened_while_they_grow(tmp_path, stack):
    for name, shown in (("a.zarr", 4), ("a/", 2)):
        write(growing(tmp_path, name, stack), stack, 2)
        found = np.asarray(read_stack(tmp_path / name, kind="labels", raw_values=True).data)
        assert len(found) == shown
        np.testing.assert_array_equal(found[:2], stack.data[:2])
        assert not found[2:].any()


@pytest.mark.parametrize("name", ["a.tif", "a.npy"])
def test_a_file_appears_when_it_is_complete(tmp_path, stack, name):
    write(growing(tmp_path, name, stack), stack, 3)
    partial = name.replace(".", ".partial.")
    assert names(tmp_path) == {partial, f".{partial}{RECORD}"}
    np.testing.assert_array_equal(
        read_stack(tmp_path / partial, kind="labels", raw_values=True).data[:3], stack.data[:3]
    )


@pytest.mark.parametrize("name", FORMS)
def test_a_slice_that_was_cut_short_does_not_count(tmp_path, stack, name):
    """As kill -9 leaves it: pixels of the next slice are there, the record has not heard of it."""
    write(growing(tmp_path, name, stack), stack, 3)
    record = next(path for path in tmp_path.rglob(f"*{RECORD}"))
    noted = record.read_text().replace('"done": 3', '"done": 2')
    record.write_text(noted)
    for chunk in tmp_path.glob("a.zarr/0/2/0/0"):
        chunk.write_bytes(chunk.read_bytes()[:20])
    for file in tmp_path.glob("a/slice_0002.*"):
        file.write_bytes(b"cut short")
    write(growing(tmp_path, name, stack, resume=True), stack)
    found = read_stack(tmp_path / name, raw_values=True).data
    np.testing.assert_array_equal(np.asarray(found), stack.data)


@pytest.mark.parametrize("name", FORMS)
def test_unfinished_is_neither_lost_nor_mixed(tmp_path, stack, name):
    write(growing(tmp_path, name, stack), stack, 1)
    with pytest.raises(
        WriteError, match=r"1 of 4 slices are there.*go on from there, or begin anew"
    ):
        growing(tmp_path, name, stack)
    with pytest.raises(WriteError, match=r"begun with threshold 0\.5, received 0\.7; give the"):
        growing(tmp_path, name, stack, {**RUN, "threshold": 0.7}, resume=True)
    anew = growing(tmp_path, name, stack, {**RUN, "threshold": 0.7}, overwrite=True)
    assert anew.done == 0
    write(anew, stack.with_data(stack.data + 1))
    found = read_stack(tmp_path / name, raw_values=True).data
    np.testing.assert_array_equal(np.asarray(found), stack.data + 1)


@pytest.mark.parametrize("name", FORMS)
def test_finished_is_kept_unless_allowed(tmp_path, stack, name):
    write(growing(tmp_path, name, stack), stack)
    for how in ({}, {"resume": True}):
        with pytest.raises(WriteError, match="overwrite"):
            growing(tmp_path, name, stack, **how)
    replacing = growing(tmp_path, name, stack, overwrite=True)
    found = read_stack(tmp_path / name, raw_values=True).data
    np.testing.assert_array_equal(np.asarray(found), stack.data)  # as long as nothing is put
    write(replacing, stack.with_data(stack.data + 1), 1)
    write(growing(tmp_path, name, stack, resume=True), stack.with_data(stack.data + 1))
    found = read_stack(tmp_path / name, raw_values=True).data
    np.testing.assert_array_equal(np.asarray(found), stack.data + 1)


def test_killed_at_the_very_end(tmp_path, stack):
    """The file has its name already, the record is still there."""
    write(growing(tmp_path, "a.npy", stack), stack, 3)
    record = tmp_path / f".a.partial.npy{RECORD}"
    noted = record.read_text().replace('"done": 3', '"done": 4')
    np.save(tmp_path / "a.npy", stack.data)
    (tmp_path / "a.partial.npy").unlink()
    record.write_text(noted)
    write(growing(tmp_path, "a.npy", stack, resume=True), stack)
    assert names(tmp_path) == {"a.npy"}


def test_another_shape_is_refused(tmp_path, stack):
    write(growing(tmp_path, "a.zarr", stack), stack, 2)
    with pytest.raises(WriteError, match=r"begun with shape \[4, 19, 23\], received \[3, 19, 23\]"):
        growing(tmp_path, "a.zarr", stack.take([0, 1, 2]), resume=True)


def test_what_was_removed_begins_anew(tmp_path, stack):
    write(growing(tmp_path, "a.tif", stack), stack, 2)
    (tmp_path / "a.partial.tif").unlink()
    assert growing(tmp_path, "a.tif", stack, resume=True).done == 0


def test_a_file_of_another_is_not_taken_for_a_partial_one(tmp_path, stack):
    (tmp_path / "a.partial.tif").write_text("thesis")
    with pytest.raises(WriteError, match="in the way"):
        growing(tmp_path, "a.tif", stack, overwrite=True)


def test_slices_come_in_order(tmp_path, stack):
    with (
        growing(tmp_path, "a.zarr", stack) as out,
        pytest.raises(ValueError, match="slice 1 came when it was the turn of slice 0"),
    ):
        out.put(1, stack.slice(1))


@contextlib.contextmanager
def files_of_at_most(n_bytes: int):
    """As a full disk: nothing beyond this length of a file can be written."""
    resource = pytest.importorskip("resource", reason="Windows knows no such limit")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("name", FORMS)
def test_no_room_for_a_slice(tmp_path, rng, name):
    stack = Stack(rng.random((3, 60, 70), np.float32))
    write(growing(tmp_path, name, stack), stack, 1)
    with (
        files_of_at_most(5000),
        pytest.raises(WriteError, match="does not allow a file that large"),
        growing(tmp_path, name, stack, resume=True) as out,
    ):
        out.put(1, stack.slice(1))
    write(growing(tmp_path, name, stack, resume=True), stack)
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / name).data), stack.data)


def test_a_folder_that_is_not_writable(tmp_path, rng):
    stack = Stack(rng.random((3, 6, 7), np.float32))
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("root may write everywhere")
    with pytest.raises(WriteError, match="may not write there"):
        write(growing(tmp_path, "a.tif", stack), stack)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("done", [0, 2])
def test_only_one_at_a_time(tmp_path, stack, name, done):
    """Not even one that may overwrite, nor one that writes all at once."""
    first = growing(tmp_path, name, stack)
    for z in range(done):
        first.put(z, stack.slice(z))
    for how in ({}, {"resume": True}, {"overwrite": True}, {"resume": True, "overwrite": True}):
        with pytest.raises(WriteError, match="predict is writing this output already"):
            growing(tmp_path, name, stack, **how)
    with pytest.raises(WriteError, match="predict is writing this output already"):
        at_once(tmp_path, name, stack, overwrite=True)
    write(first, stack)
    found = read_stack(tmp_path / name, raw_values=True).data
    np.testing.assert_array_equal(np.asarray(found), stack.data)
    growing(tmp_path, name, stack, overwrite=True)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("was_there", [False, True])
def test_without_a_slice_nothing_changes(tmp_path, stack, name, was_there):
    if was_there:
        at_once(tmp_path, name, stack)
    before = sorted(tmp_path.rglob("*"))
    with growing(tmp_path, name, stack, overwrite=True):
        pass
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", FORMS)
def test_one_that_came_and_went_before_the_lock_was_ours(tmp_path, stack, name, monkeypatch):
    """What it finished is not taken for a free place."""
    take = Lock.take

    def take_late(lock):
        monkeypatch.undo()
        write(growing(tmp_path, name, stack), stack)
        take(lock)

    monkeypatch.setattr(Lock, "take", take_late)
    with pytest.raises(WriteError, match="overwrite"):
        growing(tmp_path, name, stack)
    growing(tmp_path, name, stack, overwrite=True)  # and no lock is left


@pytest.mark.parametrize("name", FORMS)
def test_the_lock_of_a_process_that_was_killed(tmp_path, stack, name):
    write(growing(tmp_path, name, stack), stack, 2)
    path = Lock(tmp_path / name, is_folder=name in ("a/", "a.zarr"), by="predict").path
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    path.write_text(replace(Owner.now("predict"), process=[dead.pid, 0.0, platform.node()]).text)
    with pytest.raises(WriteError, match="from a run that was stopped; go on from there"):
        growing(tmp_path, name, stack)
    write(growing(tmp_path, name, stack, resume=True), stack)
    found = read_stack(tmp_path / name, raw_values=True).data
    np.testing.assert_array_equal(np.asarray(found), stack.data)
    assert not list(tmp_path.rglob(".napari-emseg*"))
