from __future__ import annotations

import subprocess
import sys

import pytest

from napari_emseg.io.formats.file_format import natural_key
from napari_emseg.io.formats.registry import FOLDER, FORMATS, format_of, stack_endings, stem_of

NAMES = {None: None} | {each: type(each).__name__.lower() for each in (FOLDER, *FORMATS)}


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("a.tif", "tiff"), ("a.TIFF", "tiff"), ("a.ome.tif", "tiff"), ("a.npy", "npy"),
        ("a.zarr", "zarr"), ("a.ome.zarr", "zarr"), ("a.png", "png"), ("out/", "folder"),
        ("x.y/", "folder"), ("out", "folder"), ("a.jpg", None), ("a.tif.gz", None),
        ("a.h5", "hdf5"), ("a.HDF5", "hdf5"), ("a.h5::/volumes/raw", "hdf5"), ("a.zarr::1", "zarr"),
        ("a.mrc", "mrc"), ("a.rec", "mrc"), ("a.n5", "n5"),
        ("a.dm3", "digitalmicrograph"), ("a.dm4", "digitalmicrograph"),
        ("https://host/a.zarr", "zarr"), ("precomputed://https://host/a", "precomputed"),
    ],
)  # fmt: skip
def test_form_of_a_path_that_does_not_exist(path, form):
    assert NAMES[format_of(path)] == form


def test_existing_folders_are_zarr_or_slices(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b/zarr.json").write_text("{}")
    assert NAMES[format_of(tmp_path / "a")] == "folder"
    assert NAMES[format_of(tmp_path / "b")] == "zarr"


def test_natural_order_of_slices(tmp_path):
    for name in ("s10.png", "s2.png", "S1.png", ".s3.png", "notes.txt", "s02b.TIF"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [p.name for p in FOLDER.files_in(tmp_path)] == [
        "S1.png",
        "s2.png",
        "s02b.TIF",
        "s10.png",
    ]
    assert sorted(["a1b", "1", "a", "a1"], key=natural_key) == ["1", "a", "a1", "a1b"]


@pytest.mark.parametrize(
    ("path", "stem"),
    [("d/a.ome.tif", "a"), ("a.b.npy", "a.b"), ("d/slices/", "slices"), ("x.v2", "x.v2")],
)
def test_stem(path, stem):
    assert stem_of(path) == stem


def test_endings_are_lower_case_with_a_dot():
    assert all(each.startswith(".") and each == each.lower() for each in stack_endings())


def test_import_of_the_reader_is_light():
    heavy = "dask zarr tifffile imageio pooch requests psutil napari keras tensorflow qtpy skimage"
    code = (
        "import sys; from napari_emseg.io import "
        "napari_reader, napari_writer, samples, read, write, convert, scratch; "
        f"print(*[m for m in {heavy.split()!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
