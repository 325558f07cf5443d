from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from napari_emseg.errors import SettingError
from napari_emseg.io.layout.tiff_voxels import tiff_voxel_size
from napari_emseg.io.layout.voxels import voxel_size_or_none
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack


def _voxel_size(path, pixels, **options):
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    return read_stack(path).voxel_size_nm


@pytest.mark.parametrize(
    ("unit", "factor"), [("um", 1e3), ("micron", 1e3), ("nm", 1.0), ("\\u00B5m", 1e3), ("cm", 1e7)]
)
def test_imagej(tmp_path, grey, unit, factor):
    metadata = {"axes": "ZYX", "spacing": 50 / factor, "unit": unit}
    resolution = (factor / 4, factor / 5)
    found = _voxel_size(
        tmp_path / "a.tif", grey, imagej=True, resolution=resolution, metadata=metadata
    )
    assert found == pytest.approx((50, 5, 4), rel=1e-6)


@pytest.mark.parametrize("metadata", [{"unit": "pixel"}, {}, {"unit": "furlong"}])
def test_imagej_without_a_length(tmp_path, grey, metadata):
    metadata = {"axes": "ZYX", "spacing": 2.0, **metadata}
    options = {"imagej": True, "resolution": (1.0, 1.0), "metadata": metadata}
    assert _voxel_size(tmp_path / "a.tif", grey, **options) is None


@pytest.mark.parametrize("spacing", [{}, {"spacing": "nonsense"}, {"spacing": 0.0}])
def test_unknown_thickness_is_the_pixels_height(tmp_path, grey, spacing):
    metadata = {"axes": "ZYX", "unit": "um", **spacing}
    options = {"imagej": True, "resolution": (250, 200), "metadata": metadata}
    assert _voxel_size(tmp_path / "a.tif", grey, **options) == (5, 5, 4)


@pytest.mark.parametrize(
    ("unit", "factor"), [("nm", 1), ("\u00b5m", 1e3), ("\u00c5", 0.1), (None, 1e3), ("mm", 1e6)]
)
def test_ome(tmp_path, grey, unit, factor):
    metadata = {"axes": "ZYX"}
    for axis, nm in zip("ZYX", (50, 5, 4), strict=True):
        metadata[f"PhysicalSize{axis}"] = nm / factor
        if unit:
            metadata[f"PhysicalSize{axis}Unit"] = unit
    found = _voxel_size(tmp_path / "a.ome.tif", grey, ome=True, metadata=metadata)
    assert found == pytest.approx((50, 5, 4))


def test_ome_without_sizes_or_with_damaged_text(tmp_path, grey):
    assert _voxel_size(tmp_path / "a.ome.tif", grey, ome=True, metadata={"axes": "ZYX"}) is None
    in_pixels = " ".join(f'PhysicalSize{n}="1" PhysicalSize{n}Unit="pixel"' for n in "XYZ")
    for said in ("<OME", "<OME/>", f"<Pixels {in_pixels}/>"):
        assert (
            tiff_voxel_size(SimpleNamespace(is_ome=True, ome_metadata=said)).voxel_size_nm is None
        )


def test_plain_resolution_in_centimetres(tmp_path, grey):
    options = {"resolution": (1e7 / 4, 1e7 / 5), "resolutionunit": "CENTIMETER"}
    assert _voxel_size(tmp_path / "a.tif", grey, **options) == pytest.approx((5, 5, 4))


@pytest.mark.parametrize("dpi", [72, 96, 300])
def test_screen_resolution_is_no_voxel_size(tmp_path, grey, dpi):
    options = {"resolution": (dpi, dpi), "resolutionunit": "INCH"}
    assert _voxel_size(tmp_path / "a.tif", grey, **options) is None


@pytest.mark.parametrize("name", ["train-volume", "Train-Labels", "test-volume"])
def test_challenge_files_have_the_challenges_voxels(tmp_path, name):
    np.save(tmp_path / f"{name}.npy", np.zeros((2, 512, 512), np.uint8))
    assert read_stack(tmp_path / f"{name}.npy").voxel_size_nm == (50, 4, 4)


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("volume", (2, 512, 512), np.uint8),
        ("train-volume", (2, 512, 256), np.uint8),
        ("train-volume", (2, 512, 512), np.uint16),
    ],
)
def test_others_have_not(tmp_path, name, shape, dtype):
    np.save(tmp_path / f"{name}.npy", np.zeros(shape, dtype))
    assert read_stack(tmp_path / f"{name}.npy").voxel_size_nm is None


def test_the_persons_voxel_size_counts_most(tmp_path, grey):
    options = {"imagej": True, "resolution": (250, 250), "metadata": {"unit": "um"}}
    assert _voxel_size(tmp_path / "a.tif", grey, **options)
    assert read_stack(tmp_path / "a.tif", voxel_size_nm=(30, 2, 2)).voxel_size_nm == (30, 2, 2)


@pytest.mark.parametrize("given", [(1, 2), (1, 2, 0), (1, 2, -3), (1, 2, float("nan")), ("a",) * 3])
def test_a_wrong_voxel_size_is_refused(tmp_path, grey, given):
    np.save(tmp_path / "a.npy", grey)
    with pytest.raises(SettingError, match="voxel_size_nm: expected three positive"):
        read_stack(tmp_path / "a.npy", voxel_size_nm=given)


def test_voxel_size_or_none():
    assert voxel_size_or_none((0.05 * 1000, 1000 / 250, 4)) == (50, 4, 4)
    assert voxel_size_or_none(None) is None
    assert voxel_size_or_none((1, 2, float("inf"))) is None


# units of their own, and lengths without one


def test_imagej_units_of_each_axis(tmp_path, grey):
    metadata = {"axes": "ZYX", "unit": "nm", "spacing": 0.05, "zunit": "micron"}
    options = {"imagej": True, "resolution": (1 / 4, 1 / 5)}
    assert _voxel_size(tmp_path / "a.tif", grey, metadata=metadata, **options) == (50, 5, 4)
    metadata = {"axes": "ZYX", "unit": "nm", "yunit": "um", "spacing": 50, "zunit": "nm"}
    options["resolution"] = (1 / 4, 1000 / 5)
    found = _voxel_size(tmp_path / "b.tif", grey, metadata=metadata, **options)
    assert found == pytest.approx((50, 5, 4))


@pytest.mark.parametrize(("unit", "per"), [("inch", 72), ("inch", 300), ("cm", 28.35)])
def test_imagej_lengths_of_a_screen_are_no_voxel_size(tmp_path, grey, unit, per):
    options = {"imagej": True, "resolution": (per, per), "metadata": {"axes": "ZYX", "unit": unit}}
    assert _voxel_size(tmp_path / "a.tif", grey, **options) is None


def test_imagej_inches(tmp_path, grey):
    options = {"imagej": True, "resolution": (2.54e7 / 4, 2.54e7 / 4)}
    metadata = {"axes": "ZYX", "unit": "inch", "spacing": 50 / 2.54e7}
    found = _voxel_size(tmp_path / "a.tif", grey, metadata=metadata, **options)
    assert found == pytest.approx((50, 4, 4), rel=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"imagej": True, "resolution": (1, 1), "metadata": {"axes": "ZYX", "spacing": 12.5}},
        {"imagej": True, "resolution": (1, 1),
         "metadata": {"axes": "ZYX", "spacing": 12.5, "unit": "pixel"}},
    ],
)  # fmt: skip
def test_a_ratio_without_a_unit_is_said(tmp_path, grey, options):
    tifffile.imwrite(tmp_path / "a.tif", grey, **options)
    stack = read_stack(tmp_path / "a.tif")
    assert stack.voxel_size_nm is None
    assert stack.notes == (
        "Its lengths 12.5 : 1 : 1 (z, y, x) have no unit, so that the voxel size is not known.",
    )


def test_a_plain_ratio_without_a_unit(tmp_path, grey):
    options = {"resolution": (0.25, 0.25), "resolutionunit": "NONE", "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "a.tif", grey, **options)
    stack = read_stack(tmp_path / "a.tif")
    assert stack.voxel_size_nm is None
    assert "4 : 4 : 4" in stack.notes[0]


def test_an_assumed_thickness_is_said_and_known_for_one(tmp_path, grey):
    options = {"imagej": True, "resolution": (250, 200), "metadata": {"axes": "ZYX", "unit": "um"}}
    tifffile.imwrite(tmp_path / "a.tif", grey, **options)
    stack = read_stack(tmp_path / "a.tif")
    assert stack.thickness_assumed
    assert stack.notes == ("No section thickness is recorded; taken for 5 nm.",)
    given = read_stack(tmp_path / "a.tif", voxel_size_nm=(50, 5, 4))
    assert (given.thickness_assumed, given.notes) == (False, ())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int64])
def test_no_variant_of_tiff_records_an_assumed_thickness(tmp_path, grey, dtype):
    stack = Stack(grey.astype(dtype), (5.0, 5.0, 4.0), "a", "image", thickness_assumed=True)
    back = read_stack(write_stack(tmp_path / "a.tif", stack))
    assert (back.voxel_size_nm, back.thickness_assumed) == ((5, 5, 4), True)
    sure = read_stack(write_stack(tmp_path / "b.tif", replace(stack, thickness_assumed=False)))
    assert (sure.voxel_size_nm, sure.thickness_assumed) == ((5, 5, 4), False)
