from __future__ import annotations

import logging
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile

from napari_emseg.errors import ReadError
from napari_emseg.io.read import read_stack

GREY = {"photometric": "minisblack"}


def _values(shape, dtype, rng):
    if np.dtype(dtype) == bool:
        return rng.random(shape) < 0.5
    return (rng.random(shape) * 200).astype(dtype)


@pytest.mark.parametrize("shape", [(1, 9, 11), (3, 9, 11), (4, 10, 12), (5, 1, 7)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, bool, np.uint32, np.float64])
def test_dtypes_and_shapes(tmp_path, rng, shape, dtype):
    data = _values(shape, dtype, rng)
    tifffile.imwrite(tmp_path / "a.tif", data, **GREY)
    stack = read_stack(tmp_path / "a.tif", kind="image")
    assert stack.data.dtype == dtype
    np.testing.assert_array_equal(stack.data, data)
    assert stack.name == "a"


@pytest.mark.parametrize(
    "options",
    [
        {}, {"compression": "zlib"}, {"compression": "zlib", "rowsperstrip": 4},
        {"tile": (16, 16)}, {"bigtiff": True}, {"byteorder": ">"},
        {"compression": "zlib", "predictor": True}, {"imagej": True}, {"ome": True},
    ],
)  # fmt: skip
@pytest.mark.parametrize("lazy", [False, True])
def test_layouts(tmp_path, rng, monkeypatch, options, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    data = _values((4, 30, 41), np.uint16, rng)
    axes = {"axes": "ZYX"} if {"imagej", "ome"} & set(options) else {}
    tifffile.imwrite(tmp_path / "a.tif", data, metadata=axes, **GREY, **options)
    stack = read_stack(tmp_path / "a.tif")
    assert (type(stack.data) is not np.ndarray) == lazy
    assert stack.data.dtype.isnative
    np.testing.assert_array_equal(np.asarray(stack.data), data)
    np.testing.assert_array_equal(stack.slice(2), data[2])


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"byteorder": ">"}])
@pytest.mark.parametrize("kind", ["image", "labels"])
def test_a_lazy_stack_does_not_fill_the_memory(tmp_path, all_lazy, options, kind):
    data = np.zeros((16, 256, 512), np.uint16)
    data[:, 0] = 65535
    tifffile.imwrite(tmp_path / "a.tif", data, **GREY, **options)
    read_stack(tmp_path / "a.tif", kind=kind)  # so that dask is imported and not counted
    tracemalloc.start()
    stack = read_stack(tmp_path / "a.tif", kind=kind)
    stack.slice(3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert stack.slice(3).max() == (1 if kind == "labels" else 65535)
    assert peak < data.nbytes / 2


def test_one_bit_pages_lazily(tmp_path, rng, all_lazy):
    data = rng.random((3, 8, 13)) < 0.5
    tifffile.imwrite(tmp_path / "a.tif", data, **GREY)
    stack = read_stack(tmp_path / "a.tif")
    assert (stack.kind, stack.data.dtype) == ("labels", np.uint8)
    np.testing.assert_array_equal(np.asarray(stack.data), data)


def test_lazy_slices_from_several_threads(tmp_path, rng, all_lazy):
    data = _values((24, 40, 40), np.uint8, rng)
    tifffile.imwrite(tmp_path / "a.tif", data, compression="zlib", **GREY)
    stack = read_stack(tmp_path / "a.tif")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(stack.slice, range(24)))
    np.testing.assert_array_equal(found, data)


def test_a_two_dimensional_image_is_one_slice(tmp_path, grey):
    tifffile.imwrite(tmp_path / "a.tif", grey[0])
    assert read_stack(tmp_path / "a.tif").shape == (1, 19, 23)


def test_an_axis_of_length_one_after_the_pixels_is_dropped(tmp_path, grey):
    tifffile.imwrite(tmp_path / "a.tif", grey[0, :, :, None], **GREY)
    np.testing.assert_array_equal(read_stack(tmp_path / "a.tif").data, grey[:1])


@pytest.mark.parametrize("lazy", [False, True])
def test_pages_that_were_appended_one_by_one(tmp_path, grey, monkeypatch, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for each in grey:
            tif.write(each, contiguous=False)
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "a.tif").data), grey)


@pytest.mark.parametrize("n", [3, 4])
@pytest.mark.parametrize("lazy", [False, True])
def test_few_slices_that_tifffile_stored_as_colour_planes(
    tmp_path, rng, caplog, monkeypatch, n, lazy
):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    data = _values((n, 20, 31), np.uint8, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tifffile.imwrite(tmp_path / "a.tif", data)  # no photometric, as most people write
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "a.tif").data), data)


@pytest.mark.parametrize("axes", ["ZYX", "TYX", "CYX"])
def test_imagej_slices_saved_as_time_or_channels(tmp_path, grey, axes):
    tifffile.imwrite(tmp_path / "a.tif", grey, imagej=True, metadata={"axes": axes})
    np.testing.assert_array_equal(read_stack(tmp_path / "a.tif").data, grey)


@pytest.mark.parametrize("form", ["imagej", "ome"])
def test_axes_of_length_one_are_dropped(tmp_path, grey, form):
    metadata = {"axes": "TZCYX"}
    tifffile.imwrite(
        tmp_path / "a.tif", grey[None, :, None], metadata=metadata, **GREY, **{form: True}
    )
    np.testing.assert_array_equal(read_stack(tmp_path / "a.tif").data, grey)


@pytest.mark.parametrize("form", ["imagej", "ome"])
def test_two_channels_are_refused(tmp_path, grey, form):
    data = np.stack([grey, grey], 1)
    tifffile.imwrite(tmp_path / "a.tif", data, metadata={"axes": "ZCYX"}, **GREY, **{form: True})
    with pytest.raises(ReadError, match=r"a\.tif.*Z=5, C=2, Y=19, X=23.*keep one channel"):
        read_stack(tmp_path / "a.tif")


@pytest.mark.parametrize("shape", [(20, 21, 3), (20, 21, 4), (2, 20, 21, 3)])
def test_colour_pictures_are_refused(tmp_path, rng, shape):
    tifffile.imwrite(tmp_path / "a.tif", _values(shape, np.uint8, rng), photometric="rgb")
    with pytest.raises(ReadError, match=r"colour picture \([34] samples.*greyscale"):
        read_stack(tmp_path / "a.tif")


def test_planar_colours_of_others_are_refused(tmp_path, rng):
    data = _values((3, 20, 21), np.uint8, rng)
    options = {"photometric": "rgb", "planarconfig": "separate", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", data, **options)
    with pytest.raises(ReadError, match="colour picture"):
        read_stack(tmp_path / "a.tif")


def test_an_indexed_grey_stack_keeps_its_indices(tmp_path, grey):
    colormap = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric="palette", colormap=colormap)
    np.testing.assert_array_equal(read_stack(tmp_path / "a.tif").data, grey)


def test_pages_of_different_sizes_are_refused(tmp_path, grey):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tif.write(grey[0])
        tif.write(grey[0, :10, :12])
    with pytest.raises(ReadError, match=r"\(19, 23\) uint8 and page 1 of shape \(10, 12\)"):
        read_stack(tmp_path / "a.tif")


def test_complex_pixels_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 5, 5), np.complex64), **GREY)
    with pytest.raises(ReadError, match="dtype complex64"):
        read_stack(tmp_path / "a.tif")


def test_a_codec_that_is_not_installed_is_named(tmp_path, grey, monkeypatch, all_lazy):
    tifffile.imwrite(tmp_path / "a.tif", grey, compression="zlib", **GREY)

    class Codecs:
        def __getitem__(self, key):
            raise KeyError(key)

    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", Codecs(), raising=False)
    with pytest.raises(ReadError, match=r"compressed by ADOBE_DEFLATE.*pip install imagecodecs"):
        read_stack(tmp_path / "a.tif")


@pytest.mark.parametrize("content", [b"not a tiff at all", b"II*\x00", b"II*\x00\x00\x00\x00\x00"])
def test_not_a_tiff(tmp_path, content):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ReadError, match=r"a\.tif: (not a TIFF|the file is truncated)"):
        read_stack(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "options",
    [
        {"imagej": True}, {"ome": True}, {}, {"compression": "zlib"}, {"bigtiff": True},
        {"tile": (16, 16)}, {"byteorder": ">"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("lazy", [False, True])
def test_a_truncated_file_never_reads_as_zeros(tmp_path, rng, monkeypatch, options, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    data = rng.integers(1, 256, (5, 18, 33), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, metadata={"axes": "ZYX"}, **GREY, **options)
    whole = (tmp_path / "a.tif").read_bytes()
    cut_file = tmp_path / "b.tif"
    for cut in {*range(1, len(whole) - 1, len(whole) // 40), len(whole) - 2}:
        cut_file.write_bytes(whole[:cut])
        try:
            found = np.asarray(read_stack(cut_file).data)
        except ReadError as error:
            assert "b.tif" in str(error)  # noqa: PT017
        else:  # what was cut off held no pixels
            np.testing.assert_array_equal(found, data)


def test_pixels_that_were_never_written_are_refused(tmp_path, grey):
    tifffile.imwrite(tmp_path / "a.tif", grey, **GREY)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as tif:
        tif.pages[2].tags["StripByteCounts"].overwrite(0)
    with pytest.raises(ReadError, match="truncated or damaged"):
        read_stack(tmp_path / "a.tif")


def test_damaged_compression_is_refused(tmp_path, grey):
    tifffile.imwrite(tmp_path / "a.tif", grey, compression="zlib", **GREY)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        offset = tif.pages[1].dataoffsets[0]
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[offset : offset + 40] = b"\x55" * 40
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ReadError, match="truncated or damaged"):
        read_stack(tmp_path / "a.tif")


def test_nans_are_read(tmp_path):
    data = np.full((2, 4, 4), np.nan, np.float32)
    tifffile.imwrite(tmp_path / "a.tif", data, **GREY)
    assert np.isnan(read_stack(tmp_path / "a.tif").data).all()


@pytest.mark.isbi
@pytest.mark.parametrize(
    ("name", "n", "kind"),
    [("train-volume", 27, "image"), ("train-labels", 27, "labels"), ("test-volume", 30, "image")],
)
def test_the_real_files(isbi_dir, name, n, kind):
    stack = read_stack(isbi_dir / f"{name}.tif")
    assert (stack.shape, stack.kind, stack.name) == ((n, 512, 512), kind, name)
    assert stack.voxel_size_nm == (50, 4, 4)
    assert stack.data.dtype == np.uint8
    if kind == "labels":
        assert np.unique(stack.data).tolist() == [0, 1]
        assert stack.data.mean() == pytest.approx(0.78, abs=0.02)


@pytest.mark.isbi
def test_the_real_files_lazily(isbi_dir, all_lazy):
    stack = read_stack(isbi_dir / "train-labels.tif")
    assert not isinstance(stack.data, np.ndarray)
    assert np.unique(stack.slice(11)).tolist() == [0, 1]
