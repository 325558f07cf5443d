from __future__ import annotations

import json
import zlib

import h5py
import numpy as np
import pytest

from napari_emseg.errors import ReadError
from napari_emseg.io.convert import convert
from napari_emseg.io.read import read_stack
from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack

VOXEL = (40.0, 4.5, 4.0)


def _tags(order):
    return json.dumps({"axes": [{"key": name, "typeFlags": 2} for name in order]})


@pytest.fixture
def cremi(tmp_path, grey):
    path = tmp_path / "sample_A.hdf"
    with h5py.File(path, "w") as file:
        raw = file.create_dataset("volumes/raw", data=grey, compression="gzip", chunks=(1, 8, 8))
        ids = file.create_dataset("volumes/labels/neuron_ids", data=(grey // 9).astype(np.uint64))
        clefts = file.create_dataset("volumes/labels/clefts", data=(grey // 99).astype(np.uint64))
        ids.attrs["offset"] = (0.0, 0.0, 0.0)
        for each in (raw, ids, clefts):
            each.attrs["resolution"] = VOXEL
        file["annotations/ids"] = np.arange(50)
    return path


@pytest.mark.parametrize("lazy", [False, True])
def test_cremi(cremi, grey, monkeypatch, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    raw = read_stack(f"{cremi}::/volumes/raw")
    assert (raw.kind, raw.voxel_size_nm, raw.name) == ("image", VOXEL, "sample_A")
    assert (not isinstance(raw.data, np.ndarray)) == lazy
    np.testing.assert_array_equal(np.asarray(raw.data), grey)
    ids = read_stack(f"{cremi}::volumes/labels/neuron_ids")
    assert (ids.kind, ids.voxel_size_nm) == ("labels", VOXEL)
    np.testing.assert_array_equal(np.asarray(ids.data), grey // 9)


def test_several_data_sets_are_named(cremi):
    with pytest.raises(ReadError) as error:
        read_stack(cremi)
    for words in (
        "/volumes/raw (5, 19, 23) uint8", "/volumes/labels/neuron_ids", "/volumes/labels/clefts",
        "choose one, such as sample_A.hdf::/volumes/",
    ):  # fmt: skip
        assert words in str(error.value)
    assert "annotations" not in str(error.value)
    with pytest.raises(ReadError, match="'nothing' is not in it; it holds /volumes"):
        read_stack(f"{cremi}::nothing")
    with pytest.raises(ReadError, match="'volumes/labels' is a group; it holds /volumes/labels/c"):
        read_stack(f"{cremi}::/volumes/labels")


def test_ilastik_probabilities_have_channels(tmp_path, rng):
    data = rng.random((5, 19, 23, 2)).astype(np.float32)
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file.create_dataset("exported_data", data=data).attrs["axistags"] = _tags("zyxc")
    with pytest.raises(ReadError, match=r"z=5, y=19, x=23, c=2.*as in p\.h5::c=0"):
        read_stack(tmp_path / "p.h5")
    stack = read_stack(f"{tmp_path}/p.h5::exported_data::c=1")
    np.testing.assert_array_equal(stack.data, data[..., 1])
    assert stack.kind == "image"


@pytest.mark.parametrize("lazy", [False, True])
def test_ilastik_objects_of_four_axes(tmp_path, grey, monkeypatch, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    data = np.transpose(grey)[..., None].astype(np.uint32)
    with h5py.File(tmp_path / "o.h5", "w") as file:
        file.create_dataset("exported_data", data=data).attrs["axistags"] = _tags("xyzc")
    stack = read_stack(tmp_path / "o.h5")
    assert stack.kind == "labels"
    np.testing.assert_array_equal(np.asarray(stack.data), grey)


def test_lengths_of_fiji(tmp_path, grey):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("t0/channel0", data=grey).attrs["element_size_um"] = (
            0.04,
            0.004,
            0.004,
        )
    assert read_stack(tmp_path / "a.h5").voxel_size_nm == (40, 4, 4)


def test_lengths_in_an_unknown_unit(tmp_path, grey):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("raw", data=grey)
        data.attrs["resolution"], data.attrs["unit"] = (10.0, 1.0, 1.0), "voxel"
    stack = read_stack(tmp_path / "a.h5")
    assert stack.voxel_size_nm is None
    assert "10 : 1 : 1 (z, y, x) have no unit" in stack.notes[0]


def test_pixels_in_other_files_are_refused(tmp_path, grey):
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["raw"] = grey
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["volumes/raw"] = h5py.ExternalLink("raw.h5", "/raw")
        file["top"] = h5py.ExternalLink("raw.h5", "/raw")
    for place in ("linked.h5::/volumes/raw", "linked.h5"):
        with pytest.raises(ReadError, match=r"lies in another file, raw\.h5; open that file"):
            read_stack(tmp_path / place)
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout(grey.shape, grey.dtype)
        layout[:] = h5py.VirtualSource("gone.h5", "raw", grey.shape)
        file.create_virtual_dataset("raw", layout)
    with pytest.raises(ReadError, match="lie in other files, which are not followed"):
        read_stack(tmp_path / "virtual.h5")


def test_a_filter_that_is_not_installed_is_named(tmp_path, grey):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk(grey.shape)
        settings.set_filter(32999, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple(grey.shape)
        h5py.h5d.create(file.id, b"raw", h5py.h5t.NATIVE_UINT8, space, settings)
    with pytest.raises(ReadError, match=r"/raw is compressed by .*32999, which is not installed"):
        read_stack(path)


def test_what_is_no_hdf5(tmp_path, cremi):
    (tmp_path / "a.h5").write_bytes(b"hello")
    with pytest.raises(ReadError, match="not an HDF5 file"):
        read_stack(tmp_path / "a.h5")
    (tmp_path / "b.h5").write_bytes(cremi.read_bytes()[:3000])
    with pytest.raises(ReadError, match="truncated"):
        read_stack(tmp_path / "b.h5")
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["table"] = np.arange(5)
    with pytest.raises(ReadError, match="may be a stack, received none"):
        read_stack(tmp_path / "c.h5")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.uint64, bool])
@pytest.mark.parametrize("kind", ["image", "labels"])
def test_round_trip(tmp_path, grey, dtype, kind):
    edits = {"a": 1} if kind == "labels" else None
    stack = Stack(grey.astype(dtype), VOXEL, "x", kind, edits)
    back = read_stack(write_stack(tmp_path / "x.h5", stack), raw_values=True)
    assert (back.voxel_size_nm, back.kind, back.edits) == (VOXEL, kind, edits)
    assert back.data.dtype == dtype
    np.testing.assert_array_equal(back.data, stack.data)
    where = {"image": "volumes/raw", "labels": "volumes/labels/neuron_ids"}[kind]
    with h5py.File(tmp_path / "x.h5") as file:
        assert tuple(file[where].attrs["resolution"]) == VOXEL


def test_there_and_back(tmp_path, grey):
    write_stack(tmp_path / "a.tif", Stack(grey, VOXEL, "a", "image"))
    convert(tmp_path / "a.tif", tmp_path / "b.h5")
    convert(tmp_path / "b.h5", tmp_path / "c.zarr")
    found = read_stack(tmp_path / "c.zarr")
    assert (found.voxel_size_nm, found.kind) == (VOXEL, "image")
    np.testing.assert_array_equal(np.asarray(found.data), grey)


def test_a_writing_that_was_stopped_goes_on(tmp_path, grey):
    planned = planned_stack(Stack(grey, VOXEL, "a"), 5, np.uint8)
    for stop in (2, 5):
        with ResumableWriter(tmp_path / "a.h5", planned, {}, resume=True) as out:
            for z in range(out.done, stop):
                out.put(z, grey[z])
    np.testing.assert_array_equal(read_stack(tmp_path / "a.h5").data, grey)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_chunk_that_is_a_bomb(tmp_path, monkeypatch, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset(
            "raw", (3, 24, 32), "u1", chunks=(1, 24, 32), compression="gzip", shuffle=True
        )
        data[:] = np.random.default_rng(0).integers(0, 255, (3, 24, 32))
    assert read_stack(tmp_path / "a.h5").shape == (3, 24, 32)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["raw"].id.write_direct_chunk((1, 0, 0), zlib.compress(bytes(2**24)))
    with pytest.raises(ReadError, match="a chunk of /raw is damaged"):
        read_stack(tmp_path / "a.h5")
