"""What must be known of a whole slice before a part of it can be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from napari_emseg.core.known_area import known_area
from napari_emseg.core.networks.foreign import Step
from napari_emseg.core.networks.grey_steps import grey_values
from napari_emseg.core.normalise import GreyValues
from napari_emseg.core.segment.tiling import Region


@dataclass(frozen=True, eq=False)
class Tissue:
    """Grey values of a slice, and where there is tissue in what is predicted of it.

    Parameters
    ----------
    grey : GreyValues
        Of the whole slice.
    known : (Y, X) bool array, optional
        Where tissue is in what is predicted; None where that is everywhere.
    """

    grey: GreyValues
    known: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, image: npt.NDArray[Any], before: Sequence[Step] | None = None) -> Self:
        """That of a slice (Y, X) of which all is there, for a network with these steps before."""
        known = known_area(image)
        return cls(grey_values(image, known, before), known)


def sample_windows(
    shape: tuple[int, int], chunk: tuple[int, int], share: float, most: int
) -> list[Region]:
    """Chunks spread evenly over a slice (Y, X), from which its grey values are told.

    Parameters
    ----------
    shape : (int, int)
        Of the slice.
    chunk : (int, int)
        In which it is stored; windows are whole ones.
    share : float
        Of the slice they cover at most, save that there are 4 in any case where it has as many.
    most : int
        Along an axis at most.
    """
    counts = [-(-n // edge) for n, edge in zip(shape, chunk, strict=True)]
    wanted = max(2, min(most, int((share * counts[0] * counts[1]) ** 0.5)))
    rows, columns = (
        [slice(k * edge, min(n, (k + 1) * edge)) for k in _spread(count, wanted)]
        for n, edge, count in zip(shape, chunk, counts, strict=True)
    )
    return [(y, x) for y in rows for x in columns]


def _spread(count: int, wanted: int) -> list[int]:
    """So many of ``count`` chunks, in the middles of as many equal spans."""
    taken = min(count, wanted)
    return [(2 * k + 1) * count // (2 * taken) for k in range(taken)]


def part_of_map(
    small: npt.NDArray[np.bool_], shape: tuple[int, int], region: Region
) -> npt.NDArray[np.bool_]:
    """A region of a slice of ``shape`` (Y, X), of which ``small`` is a smaller map."""
    rows, columns = (
        np.minimum(((np.arange(side.start, side.stop) + 0.5) * few / n).astype(np.intp), few - 1)
        for side, n, few in zip(region, shape, small.shape, strict=True)
    )
    found: npt.NDArray[np.bool_] = small[rows][:, columns]
    return found
