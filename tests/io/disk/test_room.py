"""Room that is taken is there; and where it is not, that is said before anything is written."""

from __future__ import annotations

import errno
import os

import pytest

from napari_emseg.io.disk.room import require_free, reserve_bytes


def test_reserved_bytes_are_on_the_disk(tmp_path):
    path = tmp_path / "file"
    path.touch()
    reserve_bytes(path, 2**20, start=100)
    about = path.stat()
    assert about.st_size >= 2**20 + 100
    assert about.st_blocks * 512 >= 2**20


def test_more_than_is_free(tmp_path):
    path = tmp_path / "file"
    path.touch()
    for take in (reserve_bytes, require_free):
        with pytest.raises(OSError, match=r".") as caught:
            take(path, 2**60)
        assert caught.value.errno in (errno.ENOSPC, errno.EFBIG)


def test_where_a_disk_cannot_reserve_it_is_looked_how_much_is_free(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(os, "posix_fallocate", unknown, raising=False)
    path = tmp_path / "file"
    path.touch()
    reserve_bytes(path, 2**10)
    assert path.stat().st_size == 0
    with pytest.raises(OSError, match="No space left"):
        reserve_bytes(path, 2**60)
