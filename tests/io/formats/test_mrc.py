from __future__ import annotations

import struct
import tracemalloc

import numpy as np
import pytest

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack

mrcfile = pytest.importorskip("mrcfile")


def _written(path, data, angstrom=(40.0, 45.0, 500.0), *, is_volume=True):
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(data)
        if data.ndim == 3:
            (mrc.set_volume if is_volume else mrc.set_image_stack)()
        mrc.voxel_size = angstrom
    return path


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.float32, np.float16])
@pytest.mark.parametrize("lazy", [False, True])
def test_pixels_and_voxel_size(tmp_path, grey, monkeypatch, dtype, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    data = grey.astype(dtype)
    stack = read_stack(_written(tmp_path / "a.mrc", data), kind="image")
    assert stack.data.dtype == dtype
    np.testing.assert_array_equal(np.asarray(stack.data), data)
    assert stack.voxel_size_nm == pytest.approx((50, 4.5, 4))
    assert not stack.thickness_assumed
    assert isinstance(stack.data, np.memmap) == lazy


@pytest.mark.parametrize("ending", ["mrcs", "rec", "st", "map"])
def test_endings(tmp_path, grey, ending):
    path = _written(tmp_path / f"a.{ending}", grey.astype(np.int16))
    assert read_stack(path).shape == grey.shape


def test_a_pile_of_pictures_has_no_thickness(tmp_path, grey):
    path = _written(tmp_path / "a.mrc", grey.astype(np.int16), is_volume=False)
    assert read_stack(path).thickness_assumed


def test_one_picture(tmp_path, grey):
    path = _written(tmp_path / "a.mrc", grey[0].astype(np.int16))
    stack = read_stack(path)
    assert stack.shape == (1, 19, 23)
    assert stack.voxel_size_nm[1:] == pytest.approx((4.5, 4))


@pytest.mark.parametrize("angstrom", [0.0, 1.0])
def test_no_pixel_size(tmp_path, grey, angstrom):
    path = _written(tmp_path / "a.mrc", grey.astype(np.int16), (angstrom,) * 3)
    stack = read_stack(path)
    assert stack.voxel_size_nm is None
    assert bool(stack.notes) == (angstrom == 1)


@pytest.mark.parametrize("flags", [0, 1])
def test_bytes_of_imod_are_unsigned_where_it_does_not_say_otherwise(tmp_path, grey, flags):
    path = _written(tmp_path / "a.mrc", grey.view(np.int8))
    with path.open("r+b") as file:
        file.seek(152)
        file.write(np.array([1146047817, flags], np.int32).tobytes())
    data = read_stack(path).data
    np.testing.assert_array_equal(data, grey if flags == 0 else grey.view(np.int8))


def test_axes_that_the_header_exchanges(tmp_path, grey):
    path = _written(tmp_path / "a.mrc", np.ascontiguousarray(grey.transpose(0, 2, 1)).astype("i2"))
    with mrcfile.open(path, "r+") as mrc:
        mrc.header.mapc, mrc.header.mapr = 2, 1
    np.testing.assert_array_equal(read_stack(path).data, grey)


def test_what_is_no_mrc(tmp_path, grey):
    (tmp_path / "a.mrc").write_bytes(b"hello" * 300)
    with pytest.raises(ReadError, match="not an MRC file"):
        read_stack(tmp_path / "a.mrc")
    whole = _written(tmp_path / "b.mrc", grey.astype(np.int16)).read_bytes()
    (tmp_path / "b.mrc").write_bytes(whole[:-100])
    with pytest.raises(ReadError, match="truncated"):
        read_stack(tmp_path / "b.mrc")
    _written(tmp_path / "c.mrc", grey.astype(np.complex64))
    with pytest.raises(ReadError, match="dtype complex64"):
        read_stack(tmp_path / "c.mrc")


def test_it_is_not_written(tmp_path, grey):
    with pytest.raises(WriteError, match=r"MRC file is only read; write to a \.tif"):
        write_stack(tmp_path / "a.mrc", Stack(grey))


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_extended_header_longer_than_the_file_takes_no_memory(tmp_path, grey, order):
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as mrc:
        mrc.set_data(grey.astype(f"{order}i2"))
        mrc.set_extended_header(np.zeros(80, "V1"))
    assert read_stack(path).shape == grey.shape
    content = bytearray(path.read_bytes())
    content[92:96] = struct.pack(f"{order}i", 2**31 - 1)
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ReadError, match="2147483647 bytes follow it"):
            read_stack(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
