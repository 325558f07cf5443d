"""What is known of each cell in the volume, from its profiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_runs import sums_by
from napari_emseg.core.measure.profiles import Profiles
from napari_emseg.core.measure.table import Units, divided

Columns = dict[str, npt.NDArray[Any]]


def body_columns(profiles: Profiles, count: int, last_slice: int, units: Units) -> Columns:
    """Size, place and shape of cells 1 to ``count``, all of which have a profile.

    The axes are those of the ellipsoid with the same moments of inertia, voxels being boxes of
    their edge lengths. The bounding box is in px, both ends included.
    """
    cell = profiles.cell - 1

    def total(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return sums_by(cell, values, count)

    voxels = total(profiles.pixels)
    first, last = _range_of(profiles.z, profiles.z, cell, count)
    y_first, y_last = _range_of(profiles.y_first, profiles.y_last, cell, count)
    x_first, x_last = _range_of(profiles.x_first, profiles.x_last, cell, count)
    rim = (total(profiles.touches_rim) > 0) | (first == 0) | (last == last_slice)
    sums = [total(each) for each in (profiles.z * profiles.pixels, profiles.y, profiles.x)]
    centre = np.stack(sums, axis=1) / voxels[:, None]
    axes = _axes(profiles, total, voxels, centre, units)
    depth, height, width = units.edges
    grey = {}
    if not np.isnan(profiles.grey).all():
        mean = total(profiles.grey) / voxels
        spread = np.maximum(total(profiles.grey_squared) / voxels - mean**2, 0)
        grey = {"mean_grey": mean, "std_grey": np.sqrt(spread)}
    sections = np.bincount(cell, minlength=count)
    pixel = height * width
    return {
        "voxels": voxels.astype(np.int64),
        **units.volume("volume", voxels * depth * pixel),
        "slices": sections,
        "z_first": first, "z_last": last, "y_first": y_first, "y_last": y_last,
        "x_first": x_first, "x_last": x_last,
        "touches_rim": rim,
        **units.length("centroid_z", centre[:, 0] * depth),
        **units.length("centroid_y", centre[:, 1] * height),
        **units.length("centroid_x", centre[:, 2] * width),
        **units.length("longest_axis", axes[:, 2]),
        **units.length("middle_axis", axes[:, 1]),
        **units.length("shortest_axis", axes[:, 0]),
        **units.area("mean_profile_area", voxels / sections * pixel),
        **units.length("mean_profile_perimeter", divided(total(profiles.perimeter), sections)),
        **grey,
    }  # fmt: skip


def _axes(
    profiles: Profiles, total: Any, voxels: npt.NDArray[Any], centre: npt.NDArray[Any], units: Units
) -> npt.NDArray[np.float64]:
    """Shortest, middle and longest axis (N, 3)."""
    z, edges = profiles.z, np.array(units.edges)
    products = {
        (0, 0): z**2 * profiles.pixels, (1, 1): profiles.yy, (2, 2): profiles.xx,
        (0, 1): z * profiles.y, (0, 2): z * profiles.x, (1, 2): profiles.yx,
    }  # fmt: skip
    spread = np.zeros((len(voxels), 3, 3))
    for (i, j), values in products.items():
        moment = total(values) / voxels - centre[:, i] * centre[:, j] + (i == j) / 12
        spread[:, i, j] = spread[:, j, i] = moment * edges[i] * edges[j]
    # a solid ellipsoid has a variance of a fifth of the half axis squared
    lengths: npt.NDArray[np.float64] = 2 * np.sqrt(5 * np.maximum(np.linalg.eigvalsh(spread), 0))
    return lengths


def _range_of(
    low: npt.NDArray[Any], high: npt.NDArray[Any], cell: npt.NDArray[Any], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, -1)
    np.minimum.at(first, cell, low)
    np.maximum.at(last, cell, high)
    return first, last
