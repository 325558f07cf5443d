"""What is measured of a slice: the *profile* of each cell, which is where a section cuts it.

A profile is a row of sums; those of a cell are added up to what is known of it in the volume, so
that memory holds no more than the table.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.window import Window
from napari_emseg.core.label_runs import LabelRuns, sums_by
from napari_emseg.core.measure.boundaries import outlines
from napari_emseg.core.measure.boundary_weights import boundary_weights
from napari_emseg.core.measure.table import Table, Units, divided

Column = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Profiles:
    """A row a cell in a slice; all are (P,) arrays, in px and of pixel centres.

    Parameters
    ----------
    cell, z : int64
        Number of the cell, and the slice.
    pixels : int64
        Their count.
    y, x, yy, xx, yx : float64
        Sums of the coordinates, of their squares and of their product.
    y_first, y_last, x_first, x_last : int64
        Bounding box, both ends included.
    touches_rim : bool
        Whether a pixel lies at the rim of the slice.
    perimeter : float64
        In the unit of the voxel size.
    grey, grey_squared : float64
        Sums over the image; NaN without one.
    """

    cell: Column
    z: Column
    pixels: Column
    y: Column
    x: Column
    yy: Column
    xx: Column
    yx: Column
    y_first: Column
    y_last: Column
    x_first: Column
    x_last: Column
    touches_rim: Column
    perimeter: Column
    grey: Column
    grey_squared: Column

    @classmethod
    def of_slice(
        cls,
        z: int,
        cells: npt.NDArray[np.int64],
        units: Units,
        image: Column | None = None,
        window: Window | None = None,
    ) -> Self:
        """Measure a slice, or a window of it.

        Parameters
        ----------
        z : int
            Which slice it is.
        cells : (Y, X) int64 array
            Numbers of cells, 0 where there is none.
        units : Units
            Voxel size.
        image : (Y, X) array, optional
            Grey values.
        window : Window, optional
            What of the slice ``cells`` and ``image`` show, and what of that is measured.
        """
        window = window or Window.whole(cells.shape)
        seen, cells = cells, cells[window.inside]
        runs = LabelRuns.of(cells)
        runs = runs.where(runs.values[0] > 0)
        whose, lengths = outlines(seen, boundary_weights(units.edges[1:]), window)
        # at the border of a window a corner of an outline can be all that lies in it of a cell
        found = np.union1d(runs.values[0], whose)
        row = np.searchsorted(found, runs.values[0])
        perimeter = np.zeros(found.size)
        perimeter[np.searchsorted(found, whose)] = lengths
        size = runs.lengths.astype(np.float64)
        y, first = (each.astype(np.float64) for each in np.divmod(runs.starts, cells.shape[1]))
        y, first = y + window.top, first + window.left
        last = first + size - 1
        x = size * (first + last) / 2
        # squares of first, first + 1, ... last
        xx = size * first**2 + first * size * (size - 1) + (size - 1) * size * (2 * size - 1) / 6

        def total(values: Column) -> Column:
            return sums_by(row, values, found.size)

        box = [_extreme(np.minimum, y, row, found.size), _extreme(np.maximum, y, row, found.size),
               _extreme(np.minimum, first, row, found.size),
               _extreme(np.maximum, last, row, found.size)]  # fmt: skip
        last_y, last_x = window.height - 1, window.width - 1
        rim = (box[0] == 0) | (box[1] == last_y) | (box[2] == 0) | (box[3] == last_x)
        grey = [np.full(found.size, np.nan)] * 2
        if image is not None:
            values = image[window.inside].astype(np.float64).ravel()
            highest = int(found.max(initial=0)) + 1
            sums = (np.bincount(cells.ravel(), each, highest) for each in (values, values**2))
            grey = [each[found] for each in sums]
        return cls(
            cell=found.astype(np.int64), z=np.full(found.size, z),
            pixels=total(size).astype(np.int64), y=total(y * size), x=total(x),
            yy=total(y**2 * size), xx=total(xx), yx=total(y * x),
            y_first=box[0], y_last=box[1], x_first=box[2], x_last=box[3], touches_rim=rim,
            perimeter=perimeter, grey=grey[0], grey_squared=grey[1],
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: list[Profiles]) -> Self:
        """Those of several slices."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def table(self, ids: npt.NDArray[np.int64], units: Units) -> Table:
        """A row a profile.

        Circularity is 4 pi area / perimeter**2, roundness 4 area / (pi longest axis**2), as in
        ImageJ; both are 1 for a disc. The axes are those of the ellipse with the same moments.
        """
        _, height, width = units.edges
        area = self.pixels * height * width
        longest, shortest = self._axes(height, width)
        with_grey = ~np.isnan(self.grey).all()
        mean = divided(self.grey, self.pixels)
        return Table({
            "id": ids[self.cell],
            "slice": self.z,
            "pixels": self.pixels,
            **units.area("area", area),
            **units.length("perimeter", self.perimeter),
            **units.length("equivalent_diameter", np.sqrt(4 * area / np.pi)),
            **units.length("longest_axis", longest),
            **units.length("shortest_axis", shortest),
            "circularity": divided(4 * np.pi * area, self.perimeter**2),
            "roundness": divided(4 * area, np.pi * longest**2),
            **units.length("centroid_y", self.y / self.pixels * height),
            **units.length("centroid_x", self.x / self.pixels * width),
            "touches_rim": self.touches_rim,
            **({"mean_grey": mean} if with_grey else {}),
        })  # fmt: skip

    def _axes(self, height: float, width: float) -> tuple[Column, Column]:
        """Longest and shortest axis of the ellipse with the same moments."""
        y, x = self.y / self.pixels, self.x / self.pixels
        # a pixel is a small rectangle and no point, which adds a twelfth
        yy = (self.yy / self.pixels - y**2 + 1 / 12) * height**2
        xx = (self.xx / self.pixels - x**2 + 1 / 12) * width**2
        yx = (self.yx / self.pixels - y * x) * height * width
        middle, apart = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
        return 4 * np.sqrt(middle + apart), 4 * np.sqrt(np.maximum(middle - apart, 0))


def slice_table(profiles: Table, shape: tuple[int, int, int], units: Units) -> Table:
    """A row a slice of the stack: how many profiles, and their medians.

    Parameters
    ----------
    profiles : Table
        A row a profile.
    shape : tuple of int
        Of the stack (Z, Y, X).
    units : Units
        Voxel size.
    """
    z, known = profiles["slice"], np.arange(shape[0])
    count = np.bincount(z, minlength=shape[0])
    field = shape[1] * shape[2]
    covered = np.bincount(z, profiles["pixels"], minlength=shape[0])
    per_area = count / (field * units.edges[1] * units.edges[2])
    density = {"per_um2": per_area * 1e6} if units.known else {"per_px2": per_area}
    medians = {
        f"median_{name}": np.array([_median(values[z == each]) for each in known])
        for name, values in profiles.columns.items()
        if name.startswith(("area", "perimeter", "equivalent", "circularity", "roundness"))
    }
    return Table({
        "slice": known, "count": count, **density, "area_fraction": covered / field, **medians,
    })  # fmt: skip


def _median(values: Column) -> float:
    return float(np.median(values)) if values.size else float("nan")


def _extreme(which: np.ufunc, values: Column, row: Column, count: int) -> Column:
    start = np.iinfo(np.int64).max if which is np.minimum else -1
    out = np.full(count, start, np.int64)
    which.at(out, row, values.astype(np.int64))
    return out
