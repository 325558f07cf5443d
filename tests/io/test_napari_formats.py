"""What napari shows of a file: what was guessed is told, and layers of one stack lie together."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.layers import Image, Labels

from napari_emseg.io import napari_reader
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.io.napari_reader import get_reader
from napari_emseg.io.napari_writer import write_image, write_labels
from napari_emseg.io.read import read_stack

NM = ("nm",) * 3


@pytest.fixture
def told(monkeypatch):
    """Sentences that napari was asked to show."""
    said: list[str] = []
    monkeypatch.setattr("napari.utils.notifications.show_info", said.append)
    return said


def _save(layer, path):
    data, meta, kind = layer.as_layer_data_tuple()
    {"image": write_image, "labels": write_labels}[kind](str(path), data, meta)
    return str(path)


def _opened(path):
    (found,) = get_reader(path)(path)
    return found


@pytest.mark.parametrize("name", ["cells.h5", "cells.zarr", "cells.tif"])
@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 200), (np.int32, 70_000)])
def test_saved_labels_keep_ids_and_voxel_size(tmp_path, rng, name, dtype, top):
    ids = rng.integers(0, top, (3, 40, 50)).astype(dtype)
    path = _save(Labels(ids, scale=(50, 4.5, 4), units=NM), tmp_path / name)
    data, meta, kind = _opened(path)
    assert (kind, tuple(meta["scale"]), meta["units"]) == ("labels", (50, 4.5, 4), NM)
    np.testing.assert_array_equal(np.asarray(data), ids)


@pytest.mark.parametrize("name", ["a.h5", "a.zarr", "a.tif"])
def test_an_assumed_thickness_survives_no_saving(tmp_path, grey, name):
    options = {"imagej": True, "resolution": (250, 200), "metadata": {"axes": "ZYX", "unit": "um"}}
    tifffile.imwrite(tmp_path / "in.tif", grey, **options)
    data, meta, _ = _opened(str(tmp_path / "in.tif"))
    layer = Image(data, **{key: meta[key] for key in ("scale", "units", "metadata")})
    assert metadata_of(layer).thickness_assumed
    assert read_stack(_save(layer, tmp_path / name)).thickness_assumed
    measured = Image(grey, scale=(50, 4, 4), units=NM)
    assert not read_stack(_save(measured, tmp_path / f"b{name}")).thickness_assumed


def test_what_was_guessed_is_told(tmp_path, grey, told):
    for k, number in enumerate((0, 3)):
        tifffile.imwrite(tmp_path / f"z{number}.tif", grey[k])
    _, meta, _ = _opened(str(tmp_path))
    (said,) = told
    assert "Numbers are missing among the slices: 1, 2." in said
    assert meta["metadata"]["napari_emseg"]["notes"] == (
        "Numbers are missing among the slices: 1, 2.",
    )
    np.save(tmp_path / "plain.npy", grey)
    _opened(str(tmp_path / "plain.npy"))
    assert len(told) == 1


def test_a_mask_without_a_size_opens_over_its_image(tmp_path, make_napari_viewer, told):
    viewer = make_napari_viewer()
    image = np.zeros((2, 30, 40), np.uint8)
    mask = np.zeros_like(image)
    mask[:, 5:] = 255
    tifffile.imwrite(tmp_path / "mask.tif", mask, photometric="minisblack")
    assert tuple(_opened(str(tmp_path / "mask.tif"))[1]["scale"]) == (1, 1, 1)
    viewer.add_image(np.zeros((2, 30, 41)), scale=(50, 9, 9), units=NM)
    viewer.add_image(image, name="volume", scale=(50, 4, 4), units=NM)
    meta = _opened(str(tmp_path / "mask.tif"))[1]
    assert (tuple(meta["scale"]), meta["units"]) == ((50, 4, 4), NM)
    assert told == ["mask: It has no voxel size; shown at that of 'volume', which has its shape."]


def test_parts_of_files_open_too(tmp_path, grey):
    path = _save(Image(grey, scale=(50, 4, 4), units=NM), tmp_path / "a.h5")
    assert _opened(f"{path}::/volumes/raw")[2] == "image"
    assert napari_reader.labels_of(path, read_stack(path)) == []
