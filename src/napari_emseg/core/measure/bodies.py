"""What is known of each cell of a volume, and of each two that touch, from what was added up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.measure.cell_sums import CellSums
from napari_emseg.core.measure.table import Table, Units, divided

Columns = dict[str, npt.NDArray[Any]]


def cell_table(sums: CellSums, slices: int, units: Units, *, thickness: bool) -> Table:
    """A row a cell, ids ascending.

    Parameters
    ----------
    sums : CellSums
        Of the volume.
    slices : int
        How many slices it has.
    units : Units
        Voxel size.
    thickness : bool
        Whether that of membranes was measured.
    """
    pairs, shared = sums.contacts.whose.reshape(-1, 2), sums.contacts.amount
    sides, count = np.searchsorted(sums.ids, pairs.T.ravel()), sums.ids.size
    columns = {
        "id": sums.ids,
        **_body_columns(sums.columns, slices - 1, units),
        **units.area("surface", sums.columns["surface"]),
        "neighbours": np.bincount(sides, minlength=count),
        **units.area("contact_area", np.bincount(sides, np.tile(shared, 2), count)),
    }
    if thickness:
        mean = divided(sums.columns["thickness"], sums.columns["lines"])
        columns |= units.length("membrane_thickness", mean * units.edges[1])
    return Table(columns)


def contact_table(sums: CellSums, units: Units) -> Table:
    """A row for two cells that touch."""
    pairs = sums.contacts.whose.reshape(-1, 2)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Table({
        "id": pairs[order, 0],
        "neighbour": pairs[order, 1],
        **units.area("contact_area", sums.contacts.amount[order]),
    })  # fmt: skip


def _body_columns(sums: Columns, last_slice: int, units: Units) -> Columns:
    """Size, place and shape of cells.

    The axes are those of the ellipsoid with the same moments of inertia, voxels being boxes of
    their edge lengths. The bounding box is in px, both ends included.
    """
    voxels, slices = sums["voxels"], sums["slices"].astype(np.int64)
    first, last = sums["z_first"], sums["z_last"]
    rim = (sums["touches_rim"] > 0) | (first == 0) | (last == last_slice)
    centre = np.stack([sums[axis] for axis in "zyx"], axis=1) / voxels[:, None]
    axes = _axes(sums, voxels, centre, units)
    depth, height, width = units.edges
    grey = {}
    if not np.isnan(sums["grey"]).all():
        mean = sums["grey"] / voxels
        spread = np.maximum(sums["grey_squared"] / voxels - mean**2, 0)
        grey = {"mean_grey": mean, "std_grey": np.sqrt(spread)}
    pixel = height * width
    return {
        "voxels": voxels.astype(np.int64),
        **units.volume("volume", voxels * depth * pixel),
        "slices": slices,
        "z_first": first, "z_last": last,
        **{name: sums[name] for name in ("y_first", "y_last", "x_first", "x_last")},
        "touches_rim": rim,
        **units.length("centroid_z", centre[:, 0] * depth),
        **units.length("centroid_y", centre[:, 1] * height),
        **units.length("centroid_x", centre[:, 2] * width),
        **units.length("longest_axis", axes[:, 2]),
        **units.length("middle_axis", axes[:, 1]),
        **units.length("shortest_axis", axes[:, 0]),
        **units.area("mean_profile_area", voxels / slices * pixel),
        **units.length("mean_profile_perimeter", divided(sums["perimeter"], slices)),
        **grey,
    }  # fmt: skip


def _axes(
    sums: Columns, voxels: npt.NDArray[Any], centre: npt.NDArray[Any], units: Units
) -> npt.NDArray[np.float64]:
    """Shortest, middle and longest axis (N, 3)."""
    edges, spread = np.array(units.edges), np.zeros((len(voxels), 3, 3))
    for name in ("zz", "yy", "xx", "zy", "zx", "yx"):
        i, j = ("zyx".index(axis) for axis in name)
        moment = sums[name] / voxels - centre[:, i] * centre[:, j] + (i == j) / 12
        spread[:, i, j] = spread[:, j, i] = moment * edges[i] * edges[j]
    # a solid ellipsoid has a variance of a fifth of the half axis squared
    lengths: npt.NDArray[np.float64] = 2 * np.sqrt(5 * np.maximum(np.linalg.eigvalsh(spread), 0))
    return lengths
