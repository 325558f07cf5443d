from __future__ import annotations

import itertools

import numpy as np
import pytest
import tifffile

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.convert import convert
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack, noted_names

FORMS = ["a.tif", "a.npy", "a.zarr", "a/"]


def _labels(path):
    data = np.zeros((4, 9, 11), np.uint8)
    data[:, ::2] = 255
    options = {"imagej": True, "resolution": (250, 250)}
    tifffile.imwrite(path, data, metadata={"unit": "um", "spacing": 0.05}, **options)
    return data


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(FORMS, 2)))
def test_values_and_dtype_survive_every_way(tmp_path, first, second):
    data = _labels(tmp_path / "labels.tif")
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    convert(tmp_path / "labels.tif", f"{tmp_path}/1/{first}")
    convert(f"{tmp_path}/1/{first}", f"{tmp_path}/2/{second}")
    convert(f"{tmp_path}/2/{second}", tmp_path / "back.tif")
    back = tifffile.imread(tmp_path / "back.tif")
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, data)
    if not {first, second} & {"a.npy", "a/"}:
        assert read_stack(tmp_path / "back.tif").voxel_size_nm == (50, 4, 4)


def test_voxel_size_can_be_given(tmp_path):
    _labels(tmp_path / "labels.tif")
    convert(tmp_path / "labels.tif", tmp_path / "b.tif", voxel_size_nm=(30, 2, 2))
    assert read_stack(tmp_path / "b.tif").voxel_size_nm == (30, 2, 2)


def test_what_was_guessed_is_told(tmp_path):
    options = {"imagej": True, "resolution": (250, 250), "metadata": {"unit": "um", "axes": "ZYX"}}
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 9, 9), np.uint8), **options)
    told = []
    convert(tmp_path / "a.tif", tmp_path / "b.zarr", on_note=told.append)
    assert told == ["No section thickness is recorded; taken for 4 nm."]
    assert read_stack(tmp_path / "b.zarr").thickness_assumed


@pytest.mark.parametrize("out", ["b.npy", "b/"])
def test_what_is_not_kept_is_told(tmp_path, out):
    stack = Stack(
        np.ones((3, 9, 9), np.uint8), (50, 4, 4), kind="labels", predicted=(0, 2),
        edits=noted_names(("membrane", "cell", "nucleus")),
    )  # fmt: skip
    write_stack(tmp_path / "a.tif", stack)
    told = []
    convert(tmp_path / "a.tif", f"{tmp_path}/{out}", on_note=told.append)
    assert told == [
        f"{out.strip('/')} has no place for the voxel size, the note that these are "
        "labels, what the classes are called and which slices are predicted; save as .tif too."
    ]
    convert(tmp_path / "a.tif", tmp_path / "b.zarr", on_note=told.append)
    assert len(told) == 1


def test_float_whole_numbers_stay_floats(tmp_path):
    np.save(tmp_path / "labels.npy", np.full((2, 3, 3), 7, np.float32))
    convert(tmp_path / "labels.npy", tmp_path / "labels.tif")
    assert tifffile.imread(tmp_path / "labels.tif").dtype == np.float32


def test_the_input_is_not_overwritten(tmp_path):
    data = _labels(tmp_path / "a.tif")
    with pytest.raises(WriteError, match="never written to"):
        convert(tmp_path / "a.tif", tmp_path / "a.tif", overwrite=True)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), data)


def test_a_missing_input_leaves_no_output(tmp_path):
    with pytest.raises(ReadError, match="no such file"):
        convert(tmp_path / "a.tif", tmp_path / "b.tif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.isbi
def test_the_real_labels_survive(isbi_dir, tmp_path):
    source = isbi_dir / "train-labels.tif"
    convert(source, tmp_path / "slices/")
    convert(tmp_path / "slices", tmp_path / "train-labels.tif")
    np.testing.assert_array_equal(
        tifffile.imread(tmp_path / "train-labels.tif"), tifffile.imread(source)
    )
    assert read_stack(tmp_path / "train-labels.tif").voxel_size_nm == (50, 4, 4)
