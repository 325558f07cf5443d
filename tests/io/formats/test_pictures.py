"""Pictures that hold grey values or ids in disguise: palettes, equal colours, JPEG, MinIsWhite."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import tifffile
from imageio.v3 import imwrite
from PIL import Image

from napari_emseg.errors import ReadError
from napari_emseg.io.convert import convert
from napari_emseg.io.read import read_stack


@pytest.fixture
def ids():
    """Cells of 8 x 8 pixels, each with its id."""
    rows, columns = np.mgrid[:64, :80] // 8
    return (rows * 10 + columns + 1).astype(np.uint8)


@pytest.fixture
def noise(rng):
    return rng.integers(0, 256, (3, 64, 80), dtype=np.uint8)


def _palette(path, indices, colours):
    picture = Image.new("P", indices.shape[::-1])
    picture.putdata(indices.ravel().tolist())
    picture.putpalette(colours.astype(np.uint8).ravel().tolist())
    picture.save(path)


def _colours(rng):
    return rng.integers(0, 256, (256, 3))


def _grey_ramp():
    return np.repeat(np.arange(256)[:, None], 3, 1)


# palettes


@pytest.mark.parametrize("bits", [8, 1])
def test_labels_in_a_palette_keep_their_ids(tmp_path, ids, rng, bits):
    (tmp_path / "labels").mkdir()
    indices = ids if bits == 8 else (ids % 2).astype(np.uint8)
    for z in range(2):
        _palette(tmp_path / "labels" / f"{z}.png", indices, _colours(rng))
    stack = read_stack(tmp_path / "labels")
    assert stack.kind == "labels"
    np.testing.assert_array_equal(stack.data, [indices, indices])
    assert read_stack(tmp_path / "labels" / "0.png").kind == "labels"
    convert(tmp_path / "labels", tmp_path / "ids.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "ids.tif"), [indices, indices])


def test_a_picture_in_false_colours_is_no_labels(tmp_path, noise, rng):
    (tmp_path / "raw").mkdir()
    _palette(tmp_path / "raw" / "0.png", noise[0], _colours(rng))
    stack = read_stack(tmp_path / "raw")
    assert stack.kind == "image"
    assert "Indexed colours" in stack.notes[0]
    np.testing.assert_array_equal(stack.data[0], noise[0])


def test_a_palette_of_grey_values_is_read_as_it_is_shown(tmp_path, noise):
    (tmp_path / "raw").mkdir()
    _palette(tmp_path / "raw" / "0.png", noise[0], 255 - _grey_ramp())
    np.testing.assert_array_equal(read_stack(tmp_path / "raw").data[0], 255 - noise[0])


def test_labels_in_a_tiff_of_indexed_colours(tmp_path, ids, noise, rng):
    colours = rng.integers(0, 65536, (3, 256)).astype(np.uint16)
    for name, pixels, kind in (("a", ids, "labels"), ("b", noise[0], "image")):
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, pixels, photometric="palette", colormap=colours)
        stack = read_stack(path)
        assert stack.kind == kind
        np.testing.assert_array_equal(stack.data[0], pixels)


# equal colours


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("name", ["a.png", "a.tif", "folder"])
def test_equal_colours_are_grey(tmp_path, noise, n, name):
    alpha = np.full_like(noise[0], 255)
    planes = [noise[0]] * (3 if n > 2 else 1) + [alpha] * (n in (2, 4))
    path = tmp_path / name
    if name == "a.tif":
        options = {"photometric": "rgb"} if n > 2 else {"planarconfig": "contig"}
        extra = {"extrasamples": ["unassalpha"]} if n in (2, 4) else {}
        tifffile.imwrite(
            path, np.stack(planes, -1), **{"photometric": "minisblack"} | options | extra
        )
    else:
        place = path / "0.png" if name == "folder" else path
        place.parent.mkdir(exist_ok=True)
        imwrite(place, np.stack(planes, -1))
    stack = read_stack(path)
    np.testing.assert_array_equal(stack.data, noise[:1])
    assert n == 2 or "Red, green and blue are equal, and taken for one grey value." in stack.notes


@pytest.mark.parametrize("lazy", [False, True])
def test_a_stack_of_equal_colours(tmp_path, noise, monkeypatch, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    tifffile.imwrite(tmp_path / "a.tif", np.stack([noise] * 3, -1), photometric="rgb")
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "a.tif").data), noise)
    colours = np.stack([noise] * 3, -1)
    colours[1, 5, 5, 0] ^= 1  # the middle one is looked at
    tifffile.imwrite(tmp_path / "b.tif", colours, photometric="rgb")
    with pytest.raises(ReadError, match="colour picture"):
        read_stack(tmp_path / "b.tif")


@pytest.mark.parametrize("name", ["labels.png", "labels.tif"])
def test_the_advice_for_colours_spoils_no_labels(tmp_path, rng, name):
    imwrite(tmp_path / name, rng.integers(0, 256, (8, 9, 3), dtype=np.uint8))
    with pytest.raises(ReadError, match="labels") as error:
        read_stack(tmp_path / name, kind="labels")
    assert "8-bit" not in str(error.value)
    assert "ids" in str(error.value)


# JPEG


def test_jpeg_slices_are_read_with_a_warning(tmp_path):
    (tmp_path / "raw").mkdir()
    smooth = np.broadcast_to(np.arange(80, dtype=np.uint8) * 2, (64, 80))
    for z in range(2):
        imwrite(tmp_path / "raw" / f"{z}.jpg", smooth, quality=95)
    imwrite(tmp_path / "raw" / "2.JPEG", np.stack([smooth] * 3, -1), extension=".jpg", quality=95)
    stack = read_stack(tmp_path / "raw")
    assert stack.shape == (3, 64, 80)
    assert np.abs(stack.data.astype(int) - smooth).max() <= 6
    assert "JPEG slices: their compression has changed grey values" in stack.notes[0]
    (tmp_path / "raw" / "1.jpg").write_bytes(b"hello")
    with pytest.raises(ReadError, match=r"1\.jpg: not a JPEG"):
        read_stack(tmp_path / "raw")


# larger than Pillow would read


@pytest.mark.parametrize("name", ["a.png", "raw/0.png", "raw/0.jpg"])
def test_a_picture_may_have_more_pixels_than_pillow_allows(tmp_path, noise, monkeypatch, name):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # of the 179 million of twice as many
    (tmp_path / "raw").mkdir()
    imwrite(tmp_path / name, noise[0])
    path = tmp_path / name.rpartition("/0.")[0] if "/" in name else tmp_path / name
    assert read_stack(path).shape == (1, 64, 80)


@pytest.mark.parametrize("name", ["raw/0.png", "raw/0.jpg"])
def test_a_picture_cannot_have_more_than_its_bytes_hold(tmp_path, noise, name):
    (tmp_path / "raw").mkdir()
    imwrite(tmp_path / name, noise[0])
    content = bytearray((tmp_path / name).read_bytes())
    if name.endswith("png"):
        content[16:24] = struct.pack(">II", 20000, 20000)
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    else:
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", 20000, 20000)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=r"20000 x 20000 px, which its \d+ bytes"):
        read_stack(tmp_path / "raw")


# low values that are shown bright


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("as_folder", [False, True])
def test_an_image_is_read_as_it_is_shown(
    tmp_path, noise, monkeypatch, dtype, compression, lazy, as_folder
):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    stored = np.iinfo(dtype).max - noise.astype(dtype)
    options = {"photometric": "miniswhite", "compression": compression}
    path = tmp_path / "a.tif"
    if as_folder:
        path = tmp_path / "slices"
        path.mkdir()
        for z, each in enumerate(stored):
            tifffile.imwrite(path / f"{z}.tif", each, **options)
    else:
        tifffile.imwrite(path, stored, **options)
    stack = read_stack(path)
    assert (stack.kind, stack.data.dtype) == ("image", dtype)
    assert (not isinstance(stack.data, np.ndarray) or isinstance(stack.data, np.memmap)) == lazy
    np.testing.assert_array_equal(np.asarray(stack.data), noise)
    assert "Read as it is shown" in stack.notes[0]
    convert(path, tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert tif.pages[0].photometric.name == "MINISBLACK"
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "b.tif").data), noise)


@pytest.mark.parametrize("dtype", [np.uint8, bool])
@pytest.mark.parametrize("raw_values", [False, True])
def test_a_mask_keeps_its_meaning(tmp_path, ids, dtype, raw_values):
    shown = ids[None] > 20
    stored = ~shown if dtype is bool else np.where(shown, 0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "mask.tif", stored, photometric="miniswhite")
    stack = read_stack(tmp_path / "mask.tif", raw_values=raw_values)
    assert stack.kind == "labels"
    np.testing.assert_array_equal(stack.data != 0, shown)


def test_ids_stay_ids(tmp_path, ids):
    tifffile.imwrite(tmp_path / "labels.tif", ids[None].astype("u2"), photometric="miniswhite")
    stack = read_stack(tmp_path / "labels.tif")
    assert stack.kind == "labels"
    np.testing.assert_array_equal(stack.data[0], ids)


def test_floats_from_0_to_1_stay_there(tmp_path, noise):
    tifffile.imwrite(tmp_path / "a.tif", (noise / 255).astype("f4"), photometric="miniswhite")
    np.testing.assert_allclose(read_stack(tmp_path / "a.tif").data, 1 - noise / 255, atol=1e-6)


def test_slices_that_are_shown_differently_are_refused(tmp_path, noise):
    for z, photometric in enumerate(("miniswhite", "minisblack")):
        tifffile.imwrite(tmp_path / f"{z}.tif", noise[z], photometric=photometric)
    with pytest.raises(ReadError, match=r"shown bright in one of 0\.tif and 1\.tif"):
        read_stack(tmp_path)


# 32 bits


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64])
@pytest.mark.parametrize("rim", [0, 30])
def test_grey_values_in_32_bits_are_an_image(tmp_path, noise, rng, dtype, rim):
    data = noise.astype(dtype) * 32 + rng.integers(0, 16, noise.shape)
    if dtype == np.int32:
        data -= 1200
    data[:, :rim] = data.min()
    np.save(tmp_path / "a.npy", data)
    assert read_stack(tmp_path / "a.npy").kind == "image"


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64])
def test_ids_in_32_bits_are_labels(tmp_path, ids, dtype):
    cells = ids[None].astype(int)
    for data in (cells * 1000, (cells > 20) * 7, (cells > 20) - 1):
        np.save(tmp_path / "a.npy", data.astype(dtype))
        assert read_stack(tmp_path / "a.npy").kind == "labels"
