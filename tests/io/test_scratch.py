from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import psutil
import pytest

from napari_emseg.errors import ReadError, ShapeError, WriteError
from napari_emseg.io import scratch as module
from napari_emseg.io.disk.processes import this_process
from napari_emseg.io.folders import cache_folder
from napari_emseg.io.scratch import PREFIX, Scratch, attach, owned_prefix


def test_two_maps_see_the_same_pixels(tmp_path):
    with Scratch(tmp_path) as scratch:
        out = scratch.allocate("probability of x/y", (3, 4, 5), np.float32)
        assert not out.any()
        other = attach(out.filename, "r+")
        out[1] = 0.5
        assert other[1, 2, 3] == 0.5
        other[2] = 0.25
        assert out[2, 0, 0] == 0.25
        del out, other
    assert list(tmp_path.iterdir()) == []


def test_another_process_writes(tmp_path):
    with Scratch(tmp_path) as scratch:
        out = scratch.allocate("out", (3, 4, 5), np.uint8)
        code = (
            "import sys; from napari_emseg.io.scratch import attach; "
            "attach(sys.argv[1], 'r+')[2] = 9"
        )
        subprocess.run([sys.executable, "-c", code, str(out.filename)], check=True)
        assert (out[2] == 9).all()
        assert not out[:2].any()


@pytest.mark.parametrize("lazy", [False, True])
def test_put_and_attach(tmp_path, grey, lazy):
    with Scratch(tmp_path) as scratch:
        path = scratch.put(da.from_array(grey) if lazy else grey, "raw")
        mapped = attach(path)
        np.testing.assert_array_equal(mapped, grey)
        assert mapped.dtype == grey.dtype
        with pytest.raises(ValueError, match="read-only"):
            mapped[0] = 1
        scratch.release(path)
        assert not path.exists()
        scratch.release(path)
        np.testing.assert_array_equal(mapped, grey)


def test_names_are_unique_and_safe(tmp_path):
    with Scratch(tmp_path) as scratch:
        names = {str(scratch.allocate("../a b", (1,), np.uint8).filename) for _ in range(5)}
        assert len(names) == 5
        assert {Path(name).parent for name in names} == {scratch.folder}


def test_space_is_reserved(tmp_path):
    with Scratch(tmp_path) as scratch:
        path = Path(scratch.allocate("a", (64, 128, 128), np.float32).filename)
        assert path.stat().st_blocks * 512 >= 64 * 128 * 128 * 4


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 4), (2, -1)])
def test_no_length_is_refused(tmp_path, shape):
    with Scratch(tmp_path) as scratch, pytest.raises(ShapeError, match="lengths of 1 and more"):
        scratch.allocate("a", shape, np.uint8)


def _no_space(*args):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module.os, "posix_fallocate", _no_space)
    with Scratch(tmp_path) as scratch:
        with pytest.raises(
            WriteError, match=r"needs \d+ bytes \(1 MiB\).* has \d+ bytes .*EMSEG_CACHE_DIR"
        ):
            scratch.allocate("a", (2**20,), np.uint8)
        assert list(scratch.folder.iterdir()) == []


def test_more_than_the_disk_holds(tmp_path):
    with Scratch(tmp_path) as scratch:
        with pytest.raises(WriteError, match=str(tmp_path)):
            scratch.allocate("a", (2**56,), np.uint8)
        assert list(scratch.folder.iterdir()) == []


def test_a_map_that_is_not_reserved_takes_no_space_until_it_is(tmp_path):
    with Scratch(tmp_path) as scratch:
        big = scratch.allocate("big", (1000, 512, 512), np.float32, reserve=False)
        file = Path(str(big.filename))
        assert file.stat().st_blocks * 512 < 2**20
        scratch.reserve(big, [3, 998])
        assert 2 * 2**20 <= file.stat().st_blocks * 512 < 3 * 2**20
        big[998] = 1
        assert attach(file)[998].all()
        assert not attach(file)[997].any()


def test_no_room_for_a_slice_is_an_error(tmp_path, monkeypatch):
    with Scratch(tmp_path) as scratch:
        big = scratch.allocate("big", (10, 64, 64), np.float32, reserve=False)
        monkeypatch.setattr(module.os, "posix_fallocate", _no_space)
        with pytest.raises(WriteError, match="free some space"):
            scratch.reserve(big, [0])


@pytest.mark.parametrize("way", ["absent", "unsupported"])
def test_without_fallocate(tmp_path, monkeypatch, way):
    def unsupported(*args):
        raise OSError(errno.EOPNOTSUPP, "no")

    if way == "absent":
        monkeypatch.delattr(module.os, "posix_fallocate")
    else:
        monkeypatch.setattr(module.os, "posix_fallocate", unsupported)
    with Scratch(tmp_path) as scratch:
        out = scratch.allocate("a", (3, 4), np.uint16)
        out[:] = 7
        assert (attach(out.filename) == 7).all()
        with pytest.raises(WriteError, match="needs"):
            scratch.allocate("a", (2**60,), np.uint8)


def test_a_put_that_fails_leaves_nothing(tmp_path):
    class Broken:
        shape, dtype = (3, 4, 5), np.dtype(np.uint8)

        def __getitem__(self, z):
            raise ReadError("gone")

    with Scratch(tmp_path) as scratch:
        with pytest.raises(ReadError):
            scratch.put(Broken())
        assert list(scratch.folder.iterdir()) == []


def test_only_own_files_are_released(tmp_path):
    (tmp_path / "mine.npy").write_bytes(b"x")
    with Scratch(tmp_path) as scratch, pytest.raises(ValueError, match="is not in"):
        scratch.release(tmp_path / "mine.npy")
    assert (tmp_path / "mine.npy").exists()


def _left(folder: Path, process: list[Any]) -> Path:
    left = folder / f"{owned_prefix(process)}abc"
    left.mkdir()
    (left / "x.npy").touch()
    return left


def test_leftovers_of_the_dead_are_removed_and_no_others(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    _, born, machine = this_process()
    dead = _left(tmp_path, [child.pid, born, machine])
    alive = _left(tmp_path, [os.getppid(), psutil.Process(os.getppid()).create_time(), machine])
    other = tmp_path / f"{PREFIX}notes-1"
    other.mkdir()
    with Scratch(tmp_path) as mine:
        assert not dead.exists()
        Scratch(tmp_path).close()
        assert mine.folder.exists()
    assert alive.exists()
    assert other.exists()


def test_a_leftover_whose_number_another_process_has_is_removed(tmp_path):
    number, born, machine = this_process()
    older = _left(tmp_path, [number, born - 100, machine])
    with Scratch(tmp_path):
        assert not older.exists()


def test_what_another_machine_uses_stays(tmp_path):
    """On a shared folder; a process of that number does not live here."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    theirs = [
        _left(tmp_path, [child.pid, 1.7e9, machine])
        for machine in ("node-7", f"x{platform.node()}")
    ]
    with Scratch(tmp_path):
        assert all(each.exists() for each in theirs)


def test_it_lies_in_the_cache_folder_and_not_in_memory():
    with Scratch() as scratch:
        assert scratch.folder.parent == cache_folder() / "scratch"
    assert not scratch.folder.exists()


def test_a_folder_that_cannot_be_made(tmp_path):
    with pytest.raises(WriteError, match="set EMSEG_CACHE_DIR"):
        Scratch(tmp_path / "no")


@pytest.mark.parametrize("content", [None, b"", b"hello"])
def test_attach_to_what_is_not_there(tmp_path, content):
    if content is not None:
        (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ReadError, match="start the job again"):
        attach(tmp_path / "a.npy")


def test_close_twice(tmp_path):
    scratch = Scratch(tmp_path)
    scratch.close()
    scratch.close()
