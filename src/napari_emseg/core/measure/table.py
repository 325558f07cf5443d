"""Tables of measurements, with units in the names of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.types import VoxelSize


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length, by name; NaN where a number cannot be measured.

    Parameters
    ----------
    columns : dict of str to (N,) array
        In the order in which they are shown.
    """

    columns: dict[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.columns[name]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Plain values, row by row."""
        return zip(*(each.tolist() for each in self.columns.values()), strict=True)


@dataclass(frozen=True)
class Units:
    """Edge lengths of a voxel, and how what is measured in them is called.

    Lengths are in nm, areas in square micrometres and volumes in cubic ones where the voxel size
    is known; else all are in px, as if voxels were cubes.

    Parameters
    ----------
    edges : tuple of float
        (Z, Y, X) in nm, or 1 where nobody knows.
    known : bool
        Whether it is.
    """

    edges: VoxelSize
    known: bool

    @classmethod
    def of(cls, voxel_size_nm: VoxelSize | None) -> Units:
        """The units of a stack."""
        return cls(voxel_size_nm or (1.0, 1.0, 1.0), voxel_size_nm is not None)

    def length(self, name: str, values: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """A column of lengths, measured with `edges`."""
        return {f"{name}_nm" if self.known else f"{name}_px": values}

    def area(self, name: str, values: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """A column of areas, measured with `edges`."""
        return {f"{name}_um2": values * 1e-6} if self.known else {f"{name}_px2": values}

    def volume(self, name: str, values: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """A column of volumes, measured with `edges`."""
        return {f"{name}_um3": values * 1e-9} if self.known else {f"{name}_px3": values}


def divided(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Their quotient; NaN where it is divided by 0."""
    out = np.full(part.shape, np.nan)
    np.divide(part, whole, out=out, where=whole != 0)
    return out
