"""What takes the place of a file is on the disk before, and leaves nothing where it fails."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_emseg.errors import WriteError
from napari_emseg.io.disk import atomic
from napari_emseg.io.disk.atomic import (
    moving_into,
    remove_folder,
    replacing_folder,
    sync_file,
    write_atomically,
)
from napari_emseg.io.disk.processes import tag

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


KILLED = """
import os, sys
from pathlib import Path
from napari_emseg.io.disk.atomic import moving_into, replacing_file, replacing_folder
folder = Path(sys.argv[1])
with (
    replacing_file(folder / "best.keras") as file,
    replacing_folder(folder / "model") as beside,
    moving_into(folder) as inside,
):
    for each in (file, beside / "a", inside / "b"):
        each.write_text("half")
    os._exit(9)
"""


@pytest.fixture
def half_written(tmp_path):
    """A folder in which a process was killed over three writings."""
    assert subprocess.run([sys.executable, "-c", KILLED, tmp_path]).returncode == 9
    assert len(list(tmp_path.iterdir())) == 3
    return tmp_path


def test_what_a_killed_process_has_left_goes_with_the_next_writing(half_written):
    write_atomically(half_written / "other.txt", lambda to: to.write_text("x"))
    assert [each.name for each in half_written.iterdir()] == ["other.txt"]


def test_what_others_write_just_now_stays(half_written, monkeypatch):
    (half_written / ".best-of-mine.keras").touch()
    (half_written / f".best-{tag()}-0123abcd.keras").touch()
    dead = next(half_written.glob(".model-*"))
    elsewhere = dead.name[:-17] + "00000000" + dead.name[-9:]  # its machine is another
    (half_written / elsewhere).touch()
    write_atomically(half_written / "other.txt", lambda to: to.write_text("x"))
    assert {each.name for each in half_written.iterdir()} == {
        ".best-of-mine.keras", f".best-{tag()}-0123abcd.keras", elsewhere, "other.txt",
    }  # fmt: skip


def test_a_name_as_long_as_the_disk_allows(tmp_path):
    name = "n" * 251 + ".txt"
    write_atomically(tmp_path / name, lambda to: to.write_text("x"))
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_folder_is_whole_or_gone(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a").touch()
    remove_folder(folder)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(WriteError, match="mine: could not be written"):
        remove_folder(folder)
