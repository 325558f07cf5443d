"""A ``.npz`` of a stranger gives numbers, or is refused before room is made for what it claims."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from napari_emseg.io.disk.npz import NPZ_DAMAGE, read_npz


def claims(shape, descr="'<f4'", content=b"", version=b"\x01\0"):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + content


def archive(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_has_written_is_read(tmp_path, save):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.zeros((0, 4), bool), "c": np.array(3)}
    save(tmp_path / "a.npz", **arrays)
    found = read_npz(tmp_path / "a.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def objects(path):
    np.savez(path, a=np.array([{}], object))
    return path


def cut(path):
    np.savez(path, a=np.arange(999))
    path.write_bytes(path.read_bytes()[:2000])
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda path: archive(path, {"a.npy": claims((2**31, 2**31))}),
        lambda path: archive(path, {"a.npy": claims((2**28,))}),
        lambda path: archive(path, {"a.npy": claims((2**62, 4))}),
        lambda path: archive(path, {"a.npy": claims((-3, 4), content=bytes(48))}),
        lambda path: archive(path, {"a.npy": claims((4,), "'|O'", b"cos\nsystem\n.")}),
        lambda path: archive(path, {"a.npy": claims("'abc'")}),
        lambda path: archive(path, {"a.npy": claims((4,), version=b"\x09\0")}),
        lambda path: archive(path, {"a.npy": b"x"}),
        lambda path: archive(path, {"a.npy": claims((2**27,), "'|u1'", bytes(2**27))}),
        objects,
        cut,
        lambda path: path.write_bytes(b"PK\x03\x04") and path,
    ],
)
def test_what_is_not_is_refused_without_room_for_it(tmp_path, make):
    path = make(tmp_path / "a.npz")
    tracemalloc.start()
    try:
        with pytest.raises(NPZ_DAMAGE):
            read_npz(path, largest=2**26)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
