"""Outlines as ImageJ and Fiji keep them: a zip with a ROI for what each slice shows of a cell."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_emseg.io.disk.atomic import replacing_file


class Profile(NamedTuple):
    """What a slice shows of a cell.

    Parameters
    ----------
    cell, z : int
        Id, and slice counted from 0.
    rings : sequence of (N, 2) integer arrays
        Outlines of its pieces and holes: corners (x, y) of pixels, pixel 0 reaching from 0 to 1.
    """

    cell: int
    z: int
    rings: Sequence[npt.NDArray[np.integer[Any]]]


def write_rois(path: Path, profiles: Iterable[Profile]) -> int:
    """Write a ROI a profile, called by cell and slice, and give their number.

    The ROI lies on its slice, which ImageJ counts from 1. One outline is a polygon; several are one
    composite, of which holes are left out by the even-odd rule.

    Raises
    ------
    ImportError
        If roifile is not installed.
    WriteError
        If the file cannot be written.
    """
    import roifile  # noqa: F401  before the file is begun

    count = 0
    with replacing_file(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as out:
        for profile in profiles:
            roi = _roi(profile)
            out.writestr(f"{roi.name}.roi", roi.tobytes())
            count += 1
    return count


def _roi(profile: Profile) -> Any:
    from roifile import ROI_TYPE, ImagejRoi

    name = f"{profile.cell:05}-{profile.z + 1:04}"
    corners = np.concatenate(profile.rings)
    roi = ImagejRoi.frompoints(corners, name=name, position=profile.z)
    roi.right, roi.bottom = map(int, corners.max(axis=0))
    roi.roitype = ROI_TYPE.POLYGON
    if len(profile.rings) > 1:
        roi.roitype, roi.integer_coordinates, roi.n_coordinates = ROI_TYPE.RECT, None, 0
        roi.multi_coordinates = _path(profile.rings)
        roi.shape_roi_size = len(roi.multi_coordinates)
    return roi


def _path(rings: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    """Segments as in Java: 0 x y moves, 1 x y draws a line, 4 closes."""
    segments: list[float] = []
    for ring in rings:
        for kind, (x, y) in zip([0] + [1] * (len(ring) - 1), ring.tolist(), strict=True):
            segments += [kind, x, y]
        segments.append(4)
    return np.array(segments, np.float32)
