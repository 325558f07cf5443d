"""What takes the place of a file is on the disk before, and leaves nothing where it fails."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from napari_emseg.errors import WriteError
from napari_emseg.io.disk import atomic
from napari_emseg.io.disk.atomic import (
    leftovers,
    moving_into,
    replacing_file,
    replacing_folder,
    sync_file,
    write_atomically,
)

LINUX = Path("/proc/self/fd")


@pytest.fixture
def log(monkeypatch) -> list[str]:
    """Names of what was put on the disk, and ``-> name`` for what was moved, in order."""
    found: list[str] = []
    fsync, replace, rename = os.fsync, Path.replace, Path.rename

    def noted_fsync(descriptor: int) -> None:
        found.append((LINUX / str(descriptor)).readlink().name)
        fsync(descriptor)

    def noted(move):
        def do(self: Path, target: Path) -> Path:
            found.append(f"-> {target.name}")
            return move(self, target)

        return do

    monkeypatch.setattr(atomic.os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted(replace))
    monkeypatch.setattr(Path, "rename", noted(rename))
    return found


needs_linux = pytest.mark.skipif(not LINUX.exists(), reason="asks /proc for names")


@needs_linux
def test_a_file_is_on_the_disk_before_it_takes_the_place(tmp_path, log):
    write_atomically(tmp_path / "a.json", lambda to: to.write_text("x"))
    beside, moved, folder = log
    assert beside.startswith(".a-")
    assert (moved, folder) == ("-> a.json", tmp_path.name)


@needs_linux
def test_a_folder_is_on_the_disk_before_it_takes_the_place(tmp_path, log):
    with replacing_folder(tmp_path / "a.zarr") as beside:
        (beside / "0").mkdir()
        (beside / "0" / "chunk").write_text("x")
    assert log[-2:] == ["-> a.zarr", tmp_path.name]
    assert {"chunk", "0", beside.name} <= set(log[:-2])


@needs_linux
def test_files_are_on_the_disk_before_they_move_into_a_folder(tmp_path, log):
    with moving_into(tmp_path) as inside:
        (inside / "a.png").write_text("x")
    assert log.index("a.png") < log.index("-> a.png") < log.index(tmp_path.name)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def full(beside: Path) -> None:
        beside.write_text("ne")
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(WriteError, match=r"a\.csv: could not be written: full; the disk is full"):
        write_atomically(path, full)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fails_at_the_end_is_an_error(tmp_path, monkeypatch):
    """A network's disk says only then that it is full."""

    def fails(descriptor):
        raise OSError(errno.EDQUOT, "quota")

    monkeypatch.setattr(atomic.os, "fsync", fails)
    with pytest.raises(WriteError, match="your quota on this disk is used up"):
        write_atomically(tmp_path / "a.json", lambda to: to.write_text("x"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_knows_no_such_thing(tmp_path, monkeypatch):
    def unknown(descriptor):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(atomic.os, "fsync", unknown)
    write_atomically(tmp_path / "a.json", lambda to: to.write_text("x"))
    sync_file(tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == "x"


def test_what_killed_writings_have_left(tmp_path):
    mine = [tmp_path / ".best-1234.keras", tmp_path / ".best-00ff00ff.keras"]
    for path in (*mine, tmp_path / "best.keras", tmp_path / ".last-1.keras"):
        path.touch()
    assert sorted(leftovers(tmp_path / "best.keras")) == sorted(mine)
    with replacing_file(tmp_path / "a[1].csv") as beside:
        beside.touch()
        assert list(leftovers(tmp_path / "a[1].csv")) == [beside]
