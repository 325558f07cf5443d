"""What is added up of cells, in a volume or a part of one; sums of parts are those of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_runs import sums_by
from napari_emseg.core.measure.boundaries import Amounts, total
from napari_emseg.core.measure.profiles import Profiles

Ids = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

_OF_PROFILES = ("y", "x", "yy", "xx", "yx", "perimeter", "grey", "grey_squared")
_SUMS = (
    "voxels", "z", "zz", "zy", "zx", *_OF_PROFILES, "slices", "surface", "thickness", "lines",
)  # fmt: skip
_LEAST = ("z_first", "y_first", "x_first")
_MOST = ("z_last", "y_last", "x_last", "touches_rim")


@dataclass(frozen=True, eq=False)
class CellSums:
    """Sums over the voxels of each cell, and where it begins and ends.

    Parameters
    ----------
    ids : (N,) int64 array
        The cells, ascending. Of one that only reaches over a border there may be no voxel.
    columns : dict of str to (N,) array
        ``voxels``; sums of coordinates and of their products (``z`` ... ``yx``), of ``perimeter``
        and of the image (``grey``, ``grey_squared``; NaN without one); ``slices``, in how many it
        is seen; ``surface``; ``thickness`` of membranes, and over how many pixels of middle
        ``lines``; the first and last slice, row and column; and whether it ``touches_rim``.
    contacts : Amounts
        Area that pairs of ids share, the lesser first.
    seen : (S, 2) int64 array
        Id and slice of each profile; empty where nobody has to know any more.
    """

    ids: Ids
    columns: dict[str, Column]
    contacts: Amounts
    seen: Ids

    @classmethod
    def of(
        cls,
        profiles: Profiles,
        ids: Ids,
        surface: Amounts,
        thickness: Amounts,
        lines: Amounts,
        contacts: Amounts,
    ) -> Self:
        """Add up.

        Parameters
        ----------
        profiles : Profiles
            By number of the cell.
        ids : (1 + N,) int64 array
            The id of each number, 0 first.
        surface, thickness, lines, contacts : Amounts
            By number, and by pairs of them.
        """
        row, count = profiles.cell - 1, ids.size - 1

        def summed(values: Column) -> Column:
            return sums_by(row, values, count)

        z, pixels = profiles.z, profiles.pixels
        columns = {
            "voxels": summed(pixels), "z": summed(z * pixels), "zz": summed(z**2 * pixels),
            "zy": summed(z * profiles.y), "zx": summed(z * profiles.x),
            **{name: summed(getattr(profiles, name)) for name in _OF_PROFILES},
            "slices": np.bincount(row, minlength=count).astype(np.float64),
            "surface": _spread(surface, count), "thickness": _spread(thickness, count),
            "lines": _spread(lines, count),
        }  # fmt: skip
        box = {name: z if name[0] == "z" else getattr(profiles, name) for name in (*_LEAST, *_MOST)}
        columns |= _extremes(box, row, count)
        order = np.argsort(ids[1:])
        return cls(
            ids[1:][order],
            {name: values[order] for name, values in columns.items()},
            Amounts(np.sort(ids[contacts.whose.reshape(-1, 2)], axis=1), contacts.amount),
            np.stack([ids[profiles.cell], z], axis=1),
        )

    @classmethod
    def joined(cls, parts: Sequence[CellSums]) -> Self:
        """Those of parts of a volume that lie in different slices."""
        named = [each.contacts.whose.reshape(-1, 2) for each in parts]
        ids = np.unique(np.concatenate([each.ids for each in parts] + [n.ravel() for n in named]))
        row = np.searchsorted(ids, np.concatenate([each.ids for each in parts]))
        held = {
            name: np.concatenate([each.columns[name] for each in parts])
            for name in (*_SUMS, *_LEAST, *_MOST)
        }
        columns = {name: sums_by(row, held[name], ids.size) for name in _SUMS}
        columns |= _extremes({name: held[name] for name in (*_LEAST, *_MOST)}, row, ids.size)
        # as numbers: ids of other programs are too large for pairs of them to be told apart
        numbered = [
            Amounts(np.searchsorted(ids, pairs), each.contacts.amount)
            for pairs, each in zip(named, parts, strict=True)
        ]
        shared = total(numbered, width=2)
        return cls(
            ids, columns, Amounts(ids[shared.whose.reshape(-1, 2)], shared.amount),
            np.zeros((0, 2), np.int64),
        )  # fmt: skip

    @classmethod
    def side_by_side(cls, parts: Sequence[CellSums]) -> Self:
        """Those of parts that lie in the same slices: a cell seen in two of them is seen once."""
        made = cls.joined(parts)
        seen = np.concatenate([each.seen for each in parts])
        row, z = np.searchsorted(made.ids, seen[:, 0]), seen[:, 1]
        depth = int(z.max(initial=0)) + 1
        profiles = np.unique(row * depth + z)
        slices = np.bincount(profiles // depth, minlength=made.ids.size)
        return cls(made.ids, made.columns | {"slices": slices}, made.contacts, made.seen)

    def __len__(self) -> int:
        return self.ids.size + self.contacts.amount.size

    def to_arrays(self) -> dict[str, Column]:
        """All of it by name, to be kept."""
        return {
            "ids": self.ids, "pairs": self.contacts.whose, "shared": self.contacts.amount,
            "seen": self.seen, **self.columns,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: dict[str, Column]) -> Self:
        """The inverse of `to_arrays`."""
        columns = {name: arrays[name] for name in (*_SUMS, *_LEAST, *_MOST)}
        contacts = Amounts(arrays["pairs"], arrays["shared"])
        return cls(arrays["ids"], columns, contacts, arrays["seen"])


def _spread(sums: Amounts, count: int) -> Column:
    """Amounts of cells 1 to ``count``, 0 where there is none."""
    out = np.zeros(count + 1)
    out[sums.whose.ravel()] = sums.amount
    return out[1:]


def _extremes(values: dict[str, Column], row: Column, count: int) -> dict[str, Column]:
    """The least of what is first, and the greatest of the others, of each row."""
    found = {}
    for name, each in values.items():
        is_least = name in _LEAST
        found[name] = np.full(count, np.iinfo(np.int64).max if is_least else -1)
        (np.minimum if is_least else np.maximum).at(found[name], row, each)
    return found
