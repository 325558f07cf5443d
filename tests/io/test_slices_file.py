"""A stack file of which some slices are written."""

from __future__ import annotations

import resource
import signal

import numpy as np
import pytest

from napari_emseg.errors import WriteError
from napari_emseg.io.slices_file import write_slices


def test_named_slices_are_written_and_others_are_zeros(tmp_path):
    data = np.random.default_rng(0).integers(1, 9, (5, 6, 7), np.uint16)
    read = []

    def slice_of(z):
        read.append(z)
        return data[z]

    write_slices(tmp_path / "s.npy", data.shape, data.dtype, [3, 1], slice_of)
    written = np.load(tmp_path / "s.npy")
    np.testing.assert_array_equal(written[[1, 3]], data[[1, 3]])
    assert not written[[0, 2, 4]].any()
    assert written.dtype == np.uint16
    assert read == [3, 1]


def test_bool_and_foreign_byte_order(tmp_path):
    for dtype in (np.bool_, ">u2"):
        data = np.ones((2, 3, 3), dtype)
        write_slices(tmp_path / "s.npy", data.shape, data.dtype, range(2), lambda z, d=data: d[z])
        written = np.load(tmp_path / "s.npy")
        assert (written == data).all()
        assert written.dtype.isnative


def test_full_disk_is_said(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(WriteError, match=r"s\.npy"):
            write_slices(
                tmp_path / "s.npy", (4, 64, 64), np.uint8, range(4), lambda _: np.zeros((64, 64))
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_an_error_of_the_reader_keeps_its_name(tmp_path):
    def broken(_):
        raise FileNotFoundError("the zarr is gone")

    with pytest.raises(FileNotFoundError, match="zarr"):
        write_slices(tmp_path / "s.npy", (1, 2, 2), np.uint8, [0], broken)
