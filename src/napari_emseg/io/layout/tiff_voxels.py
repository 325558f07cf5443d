"""Voxel sizes as TIFF files record them: OME's metadata, ImageJ's, ours, or the plain tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import RecordedSize, recorded_size, without_unit

_CENTIMETRE, _INCH = 3, 2
_SCREEN_NM = 10_000.0
_PICTURE_UNITS = ("inch", "in", "cm")

VOXEL_KEY = "voxel_size_nm"
"""Key in tifffile's own metadata that keeps the voxel size; null for an unknown thickness."""


def tiff_voxel_size(tif: Any) -> RecordedSize:
    """What an open `tifffile.TiffFile` records of its voxel size.

    OME metadata count before ImageJ's, those before the plain resolution tags. Where the distance
    of the sections is not recorded, it is taken to be the pixel's height.
    """
    if tif.is_ome:
        return recorded_size(*_ome_lengths(tif.ome_metadata or ""))
    if tif.is_imagej:
        return _imagej_voxel_size(tif.imagej_metadata or {}, _pixels_per_unit(tif))
    for written in tif.shaped_metadata or ():
        if VOXEL_KEY in written:
            return _written_by_us(written[VOXEL_KEY])
    return _plain_voxel_size(tif)


def _ome_lengths(xml: str) -> tuple[float | None, float | None, float | None]:
    nothing = (None, None, None)
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return nothing
    pixels = next((each for each in root.iter() if each.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None:
        return nothing
    z, y, x = (_ome_length(pixels.attrib, axis) for axis in "ZYX")
    return z, y, x


def _ome_length(attributes: Mapping[str, str], axis: str) -> float | None:
    unit_nm = nm_per_unit(attributes.get(f"PhysicalSize{axis}Unit", "µm"))
    return _product(attributes.get(f"PhysicalSize{axis}"), unit_nm)


def _imagej_voxel_size(
    metadata: Mapping[str, Any], pixels_per_unit: tuple[float, float] | None
) -> RecordedSize:
    unit = metadata.get("unit", "pixel")
    # written only where they are not those of x
    units = [metadata.get(f"{axis}unit", unit) for axis in "zy"] + [unit]
    z_nm, y_nm, x_nm = map(nm_per_unit, units)
    y, x = (1 / count for count in pixels_per_unit or (1.0, 1.0))
    if y_nm is None or x_nm is None:
        return without_unit((_product(metadata.get("spacing"), 1) or y, y, x))
    if pixels_per_unit is None or (unit in _PICTURE_UNITS and x * x_nm >= _SCREEN_NM):
        return RecordedSize()
    return recorded_size(_product(metadata.get("spacing"), z_nm), y * y_nm, x * x_nm)


def _written_by_us(lengths: Any) -> RecordedSize:
    z, y, x = lengths
    return recorded_size(z, y, x)


def _plain_voxel_size(tif: Any) -> RecordedSize:
    unit_tag = tif.pages[0].tags.get("ResolutionUnit")
    unit_nm = {_CENTIMETRE: 1e7, _INCH: 2.54e7}.get(int(unit_tag.value) if unit_tag else _INCH)
    counts = _pixels_per_unit(tif)
    if counts is None:
        return RecordedSize()
    y, x = (1 / count for count in counts)
    if unit_nm is None:
        return without_unit((y, y, x))
    # 72 dpi and the like are what picture programs write when they know nothing
    is_screen = max(y, x) * unit_nm >= _SCREEN_NM
    return RecordedSize() if is_screen else recorded_size(None, y * unit_nm, x * unit_nm)


def _pixels_per_unit(tif: Any) -> tuple[float, float] | None:
    tags = [tif.pages[0].tags.get(name) for name in ("YResolution", "XResolution")]
    if any(tag is None for tag in tags):
        return None
    fractions = [tag.value for tag in tags]
    if any(len(each) != 2 or not each[0] or not each[1] for each in fractions):
        return None
    (y, per_y), (x, per_x) = fractions
    return y / per_y, x / per_x


def _product(number: Any, unit_nm: float | None) -> float | None:
    # ImageJ's metadata hold whatever text was written there
    is_number = re.fullmatch(r"[-+.\deE]+", str(number)) is not None
    return abs(float(number)) * unit_nm if is_number and unit_nm is not None else None
