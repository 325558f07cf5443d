from __future__ import annotations

import numpy as np
import pytest
import tifffile
import zarr
from imageio.v3 import imwrite

from napari_emseg.errors import ReadError
from napari_emseg.io.read import read_slices, read_stack


def _png_folder(folder, data, names=None):
    folder.mkdir()
    for z, each in enumerate(data):
        imwrite(folder / (names[z] if names else f"s{z}.png"), each)
    return folder


# folders


def test_folder_in_natural_order(tmp_path, rng):
    data = rng.integers(0, 256, (12, 8, 9), dtype=np.uint8)
    folder = _png_folder(tmp_path / "raw", data)
    (folder / "Thumbs.db").write_bytes(b"x")
    stack = read_stack(folder)
    np.testing.assert_array_equal(stack.data, data)
    assert (stack.name, stack.kind, stack.voxel_size_nm) == ("raw", "image", None)
    assert read_stack(f"{folder}/").name == "raw"


def test_folder_lazily(tmp_path, rng, all_lazy):
    data = rng.integers(0, 65536, (5, 8, 9), dtype=np.uint16)
    stack = read_stack(_png_folder(tmp_path / "raw", data))
    assert not isinstance(stack.data, np.ndarray)
    np.testing.assert_array_equal(np.asarray(stack.data), data)
    np.testing.assert_array_equal(np.asarray(stack.data[1:4:2, 2:5, ::-1]), data[1:4:2, 2:5, ::-1])


def test_folder_of_tiffs_keeps_the_voxel_size(tmp_path, grey):
    for z, each in enumerate(grey):
        tifffile.imwrite(
            tmp_path / f"{z}.tif", each, imagej=True, resolution=(250, 250),
            metadata={"unit": "um", "spacing": 0.05},
        )  # fmt: skip
    stack = read_stack(tmp_path)
    np.testing.assert_array_equal(stack.data, grey)
    assert stack.voxel_size_nm == (50, 4, 4)


def test_one_bit_masks_are_normalised_by_comparison(tmp_path, rng):
    mask = rng.random((3, 9, 13)) < 0.5
    stack = read_stack(_png_folder(tmp_path / "masks", mask))
    assert (stack.kind, stack.data.dtype) == ("labels", np.uint8)
    np.testing.assert_array_equal(stack.data, mask.astype(np.uint8))
    raw = read_stack(tmp_path / "masks", raw_values=True).data
    assert raw.dtype == bool
    assert set(np.unique(raw.view(np.uint8))) == {0, 1}


def test_a_mask_of_one_bit_among_masks_of_eight(tmp_path):
    folder = _png_folder(tmp_path / "m", np.array([[[0, 255], [255, 255]]], np.uint8))
    imwrite(folder / "s1.png", np.array([[True, False], [False, False]]))
    raw = read_stack(folder, raw_values=True).data
    assert raw.tolist() == [[[0, 255], [255, 255]], [[255, 0], [0, 0]]]


def test_a_single_png_is_one_slice(tmp_path, grey):
    imwrite(tmp_path / "a.png", grey[0])
    np.testing.assert_array_equal(read_stack(tmp_path / "a.png").data, grey[:1])


def test_a_list_of_slices(tmp_path, rng):
    data = rng.integers(0, 256, (12, 8, 9), dtype=np.uint8)
    folder = _png_folder(tmp_path / "raw", data)
    paths = sorted(folder.iterdir())
    assert paths[2].name == "s10.png"
    stack = read_slices(paths)
    assert stack.name == "raw"
    np.testing.assert_array_equal(stack.data, data)
    with pytest.raises(ReadError, match="paths: expected one file or more"):
        read_slices([])


def test_slices_of_different_sizes_name_both_files(tmp_path, grey):
    folder = _png_folder(tmp_path / "raw", grey[:2])
    imwrite(folder / "s2.png", grey[0, :7])
    with pytest.raises(
        ReadError, match=r"s0\.png with \(19, 23\) uint8 and s2\.png with \(7, 23\)"
    ):
        read_stack(folder)


def test_slices_of_different_dtypes_are_refused(tmp_path, grey):
    folder = _png_folder(tmp_path / "raw", grey[:2])
    imwrite(folder / "s2.png", grey[0].astype(np.uint16))
    with pytest.raises(ReadError, match=r"uint8 and s2\.png with .* uint16"):
        read_stack(folder)


def test_mixed_formats_are_refused(tmp_path, grey):
    folder = _png_folder(tmp_path / "raw", grey[:2])
    tifffile.imwrite(folder / "s2.tif", grey[0])
    with pytest.raises(ReadError, match=r"both PNG \(s0.png\) and TIFF \(s2.tif\)"):
        read_stack(folder)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ReadError, match=r"a\.txt: expected slices as"):
        read_slices([folder / "s0.png", tmp_path / "a.txt"])


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ReadError, match="expected a folder of slices, received one without any"):
        read_stack(tmp_path)


def test_a_stack_in_a_folder_of_slices_is_refused(tmp_path, grey):
    tifffile.imwrite(tmp_path / "a.tif", grey)
    with pytest.raises(ReadError, match=r"one slice in each file.*received 5; open this file"):
        read_stack(tmp_path)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colour_pngs_are_refused(tmp_path, rng, channels):
    imwrite(tmp_path / "a.png", rng.integers(0, 256, (8, 9, channels), dtype=np.uint8))
    with pytest.raises(ReadError, match="expected grey values, received a PNG of"):
        read_stack(tmp_path)
    with pytest.raises(ReadError, match="greyscale"):
        read_stack(tmp_path / "a.png")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_png_is_refused(tmp_path, rng, part):
    imwrite(tmp_path / "a.png", rng.integers(0, 256, (64, 64), dtype=np.uint8))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ReadError, match="truncated or damaged"):
        read_stack(tmp_path)


def test_not_a_png(tmp_path):
    (tmp_path / "a.png").write_bytes(b"GIF89a" * 20)
    with pytest.raises(ReadError, match="not a PNG file"):
        read_stack(tmp_path / "a.png")


# npy


@pytest.mark.parametrize("dtype", [np.uint8, ">u2", np.float16, bool, np.int64])
@pytest.mark.parametrize("lazy", [False, True])
def test_npy(tmp_path, rng, monkeypatch, dtype, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    data = (rng.random((3, 8, 9)) * 100).astype(dtype)
    np.save(tmp_path / "a.npy", data)
    stack = read_stack(tmp_path / "a.npy", raw_values=True)
    assert stack.data.dtype.isnative
    np.testing.assert_array_equal(np.asarray(stack.data), data)


def test_npy_of_one_slice(tmp_path, grey):
    np.save(tmp_path / "a.npy", grey[0])
    assert read_stack(tmp_path / "a.npy").shape == (1, 19, 23)


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4, 5), (1, 3, 4, 5)])
def test_npy_of_unclear_axes_is_refused(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(ReadError, match=r"received shape \(.*axes are unclear; save a 3-D array"):
        read_stack(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.array([[{}]], object), "dtype object"),
        (np.zeros((2, 3, 3), complex), "dtype complex128"),
        (np.zeros((2, 3, 3), "U4"), "dtype <U4"),
        (np.zeros((2, 3, 3), [("a", "u1")]), "dtype"),
        (np.zeros((0, 3, 3)), "holds no pixels"),
    ],
)
def test_npy_of_odd_dtypes_is_refused(tmp_path, array, match):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ReadError, match=match):
        read_stack(tmp_path / "a.npy")


@pytest.mark.parametrize("lazy", [False, True])
def test_truncated_npy_is_refused(tmp_path, grey, monkeypatch, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    np.save(tmp_path / "a.npy", grey)
    whole = (tmp_path / "a.npy").read_bytes()
    for cut in (4, 60, 500, len(whole) - 1):
        (tmp_path / "a.npy").write_bytes(whole[:cut])
        with pytest.raises(ReadError, match="truncated"):
            read_stack(tmp_path / "a.npy")


def test_npz_under_another_name_is_refused(tmp_path, grey):
    np.savez(tmp_path / "a.npz", a=grey)
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(ReadError, match="archive of several"):
        read_stack(tmp_path / "a.npy")


# zarr


def _ome(path, data, version, axes, scale, **multiscale):
    group = zarr.open_group(str(path), mode="w", zarr_format=2 if version == "0.4" else 3)
    group.create_array("s0", data=data, chunks=(1,) * (data.ndim - 2) + data.shape[-2:])
    level = {"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    image = {"axes": axes, "datasets": [level], **multiscale}
    if version == "0.4":
        group.attrs["multiscales"] = [{"version": version, **image}]
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [image]}


def _axis(name, unit="nanometer"):
    return {"name": name, "type": "space", "unit": unit} if name in "zyx" else {"name": name}


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_plain_zarr(tmp_path, grey, zarr_format):
    zarr.create_array(
        str(tmp_path / "a.zarr"), data=grey, chunks=(2, 8, 8), zarr_format=zarr_format
    )
    stack = read_stack(tmp_path / "a.zarr")
    assert not isinstance(stack.data, np.ndarray)
    np.testing.assert_array_equal(np.asarray(stack.data), grey)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(("unit", "factor"), [("nanometer", 1), ("micrometer", 1e3)])
def test_ome_zarr(tmp_path, grey, version, unit, factor):
    scale = [50 / factor, 5 / factor, 4 / factor]
    _ome(tmp_path / "a.zarr", grey, version, [_axis(n, unit) for n in "zyx"], scale)
    stack = read_stack(tmp_path / "a.zarr")
    assert stack.voxel_size_nm == (50, 5, 4)
    assert stack.name == "a"
    np.testing.assert_array_equal(np.asarray(stack.data), grey)
    assert read_stack(tmp_path / "a.zarr/s0").shape == grey.shape


def test_ome_zarr_with_time_and_channel_and_two_scales(tmp_path, grey):
    extra = {"coordinateTransformations": [{"type": "scale", "scale": [1, 1, 2, 2, 2]}]}
    axes = [_axis(n) for n in "tczyx"]
    _ome(tmp_path / "a.zarr", grey[None, None], "0.4", axes, [1, 1, 25, 2.5, 2], **extra)
    stack = read_stack(tmp_path / "a.zarr")
    assert stack.voxel_size_nm == (50, 5, 4)
    np.testing.assert_array_equal(np.asarray(stack.data), grey)


def test_ome_zarr_of_one_picture_without_units(tmp_path, grey):
    axes = [{"name": n, "type": "space"} for n in "yx"]
    _ome(tmp_path / "a.zarr", grey[0], "0.4", axes, [1, 1])
    stack = read_stack(tmp_path / "a.zarr")
    assert (stack.shape, stack.voxel_size_nm) == ((1, 19, 23), None)


def test_ome_zarr_of_two_channels_is_refused(tmp_path, grey):
    data = np.stack([grey, grey])
    _ome(tmp_path / "a.zarr", data, "0.4", [_axis(n) for n in "czyx"], [1, 1, 1, 1])
    with pytest.raises(ReadError, match=r"c=2, z=5, y=19, x=23"):
        read_stack(tmp_path / "a.zarr")


def test_zarr_with_named_axes(tmp_path, grey):
    names = ("c", "z", "y", "x")
    zarr.create_array(str(tmp_path / "a.zarr"), data=grey[None], dimension_names=names)
    assert read_stack(tmp_path / "a.zarr").shape == grey.shape


def test_zarr_of_unclear_axes_is_refused(tmp_path, grey):
    zarr.create_array(str(tmp_path / "a.zarr"), data=grey[None])
    with pytest.raises(ReadError, match="axes are unclear"):
        read_stack(tmp_path / "a.zarr")


def test_group_of_arrays(tmp_path, grey):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    with pytest.raises(ReadError, match="received a group with nothing"):
        read_stack(tmp_path / "a.zarr")
    group.create_array("raw", data=grey)
    assert read_stack(tmp_path / "a.zarr").shape == grey.shape
    group.create_array("other", data=grey)
    with pytest.raises(ReadError, match=r"group with other, raw; give the array itself"):
        read_stack(tmp_path / "a.zarr")


def test_damaged_ome_zarr_is_refused(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.attrs["ome"] = {"multiscales": [{"datasets": [{"path": "gone"}]}]}
    with pytest.raises(ReadError, match="OME-Zarr metadata are incomplete"):
        read_stack(tmp_path / "a.zarr")


def test_not_a_zarr(tmp_path, grey):
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(ReadError, match=r"expected a zarr array or an OME-Zarr group"):
        read_stack(tmp_path / "a.zarr")
    (tmp_path / "b.zarr").write_bytes(b"PK")
    with pytest.raises(ReadError, match="unpack it first"):
        read_stack(tmp_path / "b.zarr")


# paths


def test_missing_path():
    with pytest.raises(ReadError, match="no such file or folder"):
        read_stack("/nowhere/a.tif")


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.tif.gz"])
def test_unknown_ending(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ReadError, match=r"a file ending in \.tif, .*received the ending"):
        read_stack(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.png"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ReadError, match="0 bytes"):
        read_stack(tmp_path / name)


@pytest.mark.isbi
def test_inputs_are_never_touched(isbi_dir):
    path = isbi_dir / "train-labels.tif"
    before = path.stat()
    read_stack(path).data[:] = 9
    after = path.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
