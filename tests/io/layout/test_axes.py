"""Names of axes win over their places; an implausible shape is asked about."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from napari_emseg.errors import ReadError
from napari_emseg.io.read import read_stack

ORDERS = [("x", "y", "z"), ("y", "x", "z"), ("z", "x", "y"), ("X", "Z", "Y")]


@pytest.fixture
def volume(rng):
    """Five slices of 70 x 80."""
    return rng.integers(0, 256, (5, 70, 80), dtype=np.uint8)


def _stored(volume, order):
    return np.ascontiguousarray(volume.transpose(["zyx".index(name.lower()) for name in order]))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("how", ["v2", "v3", "ome", "hdf5", "axistags"])
def test_names_win(tmp_path, volume, order, how):
    data, path = _stored(volume, order), tmp_path / "a.zarr"
    if how in ("hdf5", "axistags"):
        path = tmp_path / "a.h5"
        with h5py.File(path, "w") as file:
            stored = file.create_dataset("exported_data", data=data)
            if how == "hdf5":
                for axis, name in zip(stored.dims, order, strict=True):
                    axis.label = name
            else:
                stored.attrs["axistags"] = json.dumps({"axes": [{"key": n} for n in order]})
    elif how == "v3":
        zarr.create_array(str(path), data=data, dimension_names=order)
    elif how == "v2":
        array = zarr.create_array(str(path), data=data, zarr_format=2)
        array.attrs["_ARRAY_DIMENSIONS"] = list(order)
    else:
        group = zarr.open_group(str(path), mode="w", zarr_format=2)
        group.create_array("0", data=data)
        nm = {"z": 50.0, "y": 5.0, "x": 4.0}
        scale = [nm[name.lower()] for name in order]
        level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in order]
        group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [level]}]
    stack = read_stack(path)
    np.testing.assert_array_equal(np.asarray(stack.data), volume)
    if how == "ome":
        assert stack.voxel_size_nm == (50, 5, 4)


def test_names_that_say_nothing_are_no_names(tmp_path, grey):
    names = ("dim_0", "dim_1", "dim_2")
    zarr.create_array(str(tmp_path / "a.zarr"), data=grey, dimension_names=names)
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "a.zarr").data), grey)


@pytest.mark.parametrize(
    "shape", [(256, 256, 5), (256, 5, 256), (300, 200, 30), (512, 512, 100), (128, 128, 3)]
)
@pytest.mark.parametrize("name", ["a.npy", "a.tif", "a.zarr", "a.h5"])
def test_implausible_shapes_are_asked_about(tmp_path, shape, name):
    data, path = np.zeros(shape, np.uint8), tmp_path / name
    if name == "a.npy":
        np.save(path, data)
    elif name == "a.tif":
        tifffile.imwrite(path, data, photometric="minisblack")
    elif name == "a.zarr":
        zarr.create_array(str(path), data=data)
    else:
        with h5py.File(path, "w") as file:
            file["raw"] = data
    with pytest.raises(ReadError, match=rf"unlikely; say the order.*{name}::yxz, or ::zyx"):
        read_stack(path)
    assert read_stack(f"{path}::yxz").shape == (shape[2], shape[0], shape[1])
    assert read_stack(f"{path}::zyx").shape == shape


@pytest.mark.parametrize("shape", [(8, 9, 3), (500, 500, 400), (64, 512, 512), (300, 60, 60)])
def test_plausible_shapes_are_not(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.broadcast_to(np.uint8(3), shape))
    assert read_stack(tmp_path / "a.npy").shape == shape


def test_a_tiff_whose_names_say_so_may_have_narrow_slices(tmp_path):
    data = np.zeros((100, 100, 5), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": "ZYX"})
    assert read_stack(tmp_path / "a.tif").shape == (100, 100, 5)


@pytest.mark.parametrize("n", [2, 3])
def test_channels_of_one_slice_are_no_slices(tmp_path, volume, n):
    options = {"imagej": True, "metadata": {"axes": "CYX"}}
    tifffile.imwrite(tmp_path / "a.tif", volume[:n], photometric="minisblack", **options)
    with pytest.raises(ReadError, match=rf"one channel, received {n} channels of one slice; cho"):
        read_stack(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_stack(f"{tmp_path}/a.tif::c=1").data, volume[1:2])
    np.testing.assert_array_equal(read_stack(f"{tmp_path}/a.tif::zyx").data, volume[:n])
    with pytest.raises(ReadError, match=rf"has {n} channels, counted from 0; received channel 7"):
        read_stack(f"{tmp_path}/a.tif::c=7")


def test_many_channels_are_slices_and_that_is_said(tmp_path, volume):
    tifffile.imwrite(tmp_path / "a.tif", volume, imagej=True, metadata={"axes": "CYX"})
    assert read_stack(tmp_path / "a.tif").notes == ("Its 5 channels are taken for slices.",)


def test_a_channel_of_a_volume_is_chosen(tmp_path, volume):
    data = np.stack([volume, 255 - volume], 1)
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": "ZCYX"})
    with pytest.raises(ReadError, match=r"choose one, as in a\.tif::c=0"):
        read_stack(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_stack(f"{tmp_path}/a.tif::c=1").data, 255 - volume)


def test_colours_without_names(tmp_path, rng):
    data = rng.integers(0, 256, (70, 80, 3), dtype=np.uint8)
    np.save(tmp_path / "a.npy", data)
    with pytest.raises(ReadError, match="or ::yxc::c=0 where these are channels"):
        read_stack(tmp_path / "a.npy")
    np.testing.assert_array_equal(read_stack(f"{tmp_path}/a.npy::yxc::c=1").data[0], data[..., 1])
    with pytest.raises(ReadError, match="received 3 channels of one slice"):
        read_stack(f"{tmp_path}/a.npy::yxc")
    with pytest.raises(ReadError, match=r"expected 4 axes zyxc, received shape \(70, 80, 3\)"):
        read_stack(f"{tmp_path}/a.npy::zyxc")


def test_channels_without_names_cannot_be_chosen(tmp_path, grey):
    np.save(tmp_path / "a.npy", grey)
    with pytest.raises(ReadError, match="its axes have no names"):
        read_stack(f"{tmp_path}/a.npy::c=0")
