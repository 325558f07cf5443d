"""Voxel sizes as TIFF files record them: OME's metadata, ImageJ's, ours, or the plain tags."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from napari_emseg.io.formats.units import nm_per_unit
from napari_emseg.io.formats.voxels import voxel_size_or_none
from napari_emseg.types import VoxelSize

logger = logging.getLogger(__name__)

_CENTIMETRE, _INCH = 3, 2
_SCREEN_NM = 10_000.0


def tiff_voxel_size(tif: Any) -> VoxelSize | None:
    """Voxel size in nm that an open `tifffile.TiffFile` records, or None.

    OME metadata count before ImageJ's, those before the plain resolution tags. Where the distance
    of the sections is not recorded, it is taken to be the pixel's height.
    """
    if tif.is_ome:
        return ome_voxel_size(tif.ome_metadata or "")
    if tif.is_imagej:
        return _imagej_voxel_size(tif.imagej_metadata or {}, _pixels_per_unit(tif))
    for written in tif.shaped_metadata or ():
        if "voxel_size_nm" in written:
            return voxel_size_or_none(written["voxel_size_nm"])
    return _plain_voxel_size(tif)


def ome_voxel_size(xml: str) -> VoxelSize | None:
    """Voxel size in nm from OME-XML (``PhysicalSizeX`` and its unit, µm where none is named)."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    pixels = next((each for each in root.iter() if each.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None:
        return None
    return _with_depth(*(_ome_length(pixels.attrib, axis) for axis in "ZYX"))


def _ome_length(attributes: Mapping[str, str], axis: str) -> float | None:
    unit_nm = nm_per_unit(attributes.get(f"PhysicalSize{axis}Unit", "µm"))
    return _product(attributes.get(f"PhysicalSize{axis}"), unit_nm)


def _imagej_voxel_size(
    metadata: Mapping[str, Any], pixels_per_unit: tuple[float, float] | None
) -> VoxelSize | None:
    unit_nm = nm_per_unit(metadata.get("unit", "pixel"))
    if unit_nm is None or pixels_per_unit is None:
        return None
    y_nm, x_nm = (unit_nm / count for count in pixels_per_unit)
    return _with_depth(_product(metadata.get("spacing"), unit_nm), y_nm, x_nm)


def _plain_voxel_size(tif: Any) -> VoxelSize | None:
    unit_tag = tif.pages[0].tags.get("ResolutionUnit")
    unit_nm = {_CENTIMETRE: 1e7, _INCH: 2.54e7}.get(int(unit_tag.value) if unit_tag else _INCH)
    counts = _pixels_per_unit(tif)
    if unit_nm is None or counts is None:
        return None
    y_nm, x_nm = (unit_nm / count for count in counts)
    # 72 dpi and the like are what picture programs write when they know nothing
    return _with_depth(None, y_nm, x_nm) if max(y_nm, x_nm) < _SCREEN_NM else None


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


def _with_depth(z_nm: float | None, y_nm: float | None, x_nm: float | None) -> VoxelSize | None:
    if not z_nm:
        z_nm = y_nm
        logger.info("no distance of the sections recorded; taken to be the pixel's height")
    return voxel_size_or_none((z_nm, y_nm, x_nm))
