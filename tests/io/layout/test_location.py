from __future__ import annotations

from pathlib import Path

import pytest

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.layout.location import Location, place_to_write
from napari_emseg.io.read import read_stack


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.tif", Location("a.tif")),
        ("d/a.h5::/volumes/raw", Location("d/a.h5", "volumes/raw")),
        ("a.zarr::1", Location("a.zarr", "1")),
        ("a.zarr::labels/cells::1", Location("a.zarr", "labels/cells/1")),
        ("a.npy::YXZ", Location("a.npy", axes="yxz")),
        ("a.h5::raw::c=2::xyz", Location("a.h5", "raw", "xyz", 2)),
        ("https://host/a.zarr", Location("https://host/a.zarr")),
        ("s3://bucket/a.zarr::0/1", Location("s3://bucket/a.zarr", "0/1")),
        ("precomputed://https://host/a", Location("precomputed://https://host/a")),
    ],
)
def test_parts(text, found):
    assert Location.of(text) == found
    assert Location.of(Path(text)) == found  # in which two slashes become one
    assert found.is_remote == ("//" in text)


def test_a_file_may_be_called_so(tmp_path):
    (tmp_path / "a::b.tif").touch()
    assert Location.of(tmp_path / "a::b.tif") == Location(str(tmp_path / "a::b.tif"))


def test_as_text_and_with_its_version(tmp_path):
    (tmp_path / "a.h5").touch()
    where = Location.of(tmp_path / "a.h5::/raw::c=1::yxz")
    assert str(where) == f"{tmp_path.resolve()}/a.h5::raw::yxz::c=1"
    assert Location.of(str(where)) == Location(f"{tmp_path.resolve()}/a.h5", "raw", "yxz", 1)
    assert where.version().startswith(f"{where} of 20")
    assert Location.of("https://host/a.zarr").version() == "https://host/a.zarr"


def test_where_labels_are_written():
    assert place_to_write("a.zarr::labels/cells") == Path("a.zarr/labels/cells")
    assert place_to_write("a.tif") == "a.tif"
    for path in ("a.h5::/raw", "a.npy::yxz", "a.tif::c=0"):
        with pytest.raises(WriteError, match="expected a path to write to, received one with ::"):
            place_to_write(path)
    with pytest.raises(WriteError, match="expected a path of this machine"):
        place_to_write("https://host/a.zarr")


def test_formats_of_one_stack_have_no_parts(tmp_path, grey):
    import numpy as np

    np.save(tmp_path / "a.npy", grey)
    with pytest.raises(ReadError, match=r"a \.npy holds one stack; leave out 'level=1'"):
        read_stack(tmp_path / "a.npy", level=1)
    assert read_stack(tmp_path / "a.npy", level=0).shape == grey.shape


def test_an_address_of_something_else():
    with pytest.raises(ReadError):
        read_stack("http://127.0.0.1:9/a.zarr")
