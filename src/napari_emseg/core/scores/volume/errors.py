"""The mergers and splits of a volume: how many of which size, and where the worst ones are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_runs import Numbers
from napari_emseg.core.scores.volume.outlines import Outlines, Pair, Point

if TYPE_CHECKING:
    from napari_emseg.core.scores.volume.pieces import Pieces  # it loads OpenCV

Kind: TypeAlias = Literal["merger", "split"]

LARGER, SMALLER, REST = 1, 2, 3
"""Values of `VolumeError.mark`: the two pieces, and what else is in the cell that holds both."""


@dataclass(frozen=True)
class VolumeError:
    """A merger or a split: two pieces that should be apart, or together.

    Parameters
    ----------
    kind : {"merger", "split"}
        Two true cells in one predicted cell; or one true cell in two predicted cells.
    voxels : int
        Of the smaller piece: what must change its cell.
    true_ids, predicted_ids : tuple of int
        The cells of the larger piece and of the smaller one. In a merger the predicted ids are
        equal, in a split the true ones.
    points : tuple of (Z, Y, X)
        A voxel inside each of both pieces, in px: the middle of the widest place.
    meeting : tuple of (Z, Y, X)
        Where they come nearest to one another: a voxel of each.
    box : tuple of (Z, Y, X)
        First and last voxel of the box around the smaller piece.
    """

    kind: Kind
    voxels: int
    true_ids: tuple[int, int]
    predicted_ids: tuple[int, int]
    points: tuple[Point, Point]
    meeting: tuple[Point, Point]
    box: tuple[Point, Point]

    @property
    def place(self) -> Point:
        """Where to look: the voxel of the smaller piece where both meet."""
        return self.meeting[1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def moved(self, slices: Sequence[int], y: int, x: int) -> VolumeError:
        """As `VolumeScores.moved`."""

        def there(point: Point) -> Point:
            return slices[point[0]], point[1] + y, point[2] + x

        points, meeting, box = (
            (there(a), there(b)) for a, b in (self.points, self.meeting, self.box)
        )
        return replace(self, points=points, meeting=meeting, box=box)

    def mark(self, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Which pixels (Y, X) of a slice belong to it: `LARGER`, `SMALLER`, `REST`, or 0.

        Parameters
        ----------
        truth, predicted : (Y, X) integer arrays
            Ids.
        """
        owner = (
            predicted == self.predicted_ids[0]
            if self.kind == "merger"
            else (truth == self.true_ids[0])
        )
        marked = np.where(owner, np.uint8(REST), np.uint8(0))
        for value, k in ((LARGER, 0), (SMALLER, 1)):
            both = (truth == self.true_ids[k]) & (predicted == self.predicted_ids[k])
            marked[both] = value
        return marked


@dataclass(frozen=True, eq=False)
class FoundErrors:
    """Mergers, or splits, as they follow from the pieces alone, the largest first.

    A cell in k pieces is split k - 1 times, a predicted cell over k true ones merges k - 1 times:
    every piece but the largest one is an error.

    Parameters
    ----------
    kind : {"merger", "split"}
        Of all of them.
    voxels : (E,) int64 array
        Their sizes.
    larger, smaller : Pieces
        The two pieces of each of the worst ones.
    """

    kind: Kind
    voxels: Numbers
    larger: Pieces
    smaller: Pieces

    @classmethod
    def find(cls, kind: Kind, pieces: Pieces, *, radius_px: float, worst: int) -> Self:
        """Find the mergers or the splits among pieces.

        Parameters
        ----------
        kind : {"merger", "split"}
            Which to find.
        pieces : Pieces
            Of the volume.
        radius_px : float
            Pieces into which no disc of this radius fits are no error.
        worst : int
            How many are to be described.
        """
        solid = pieces.where((pieces.predicted_ids > 0) & (pieces.depths >= radius_px))
        owners = solid.predicted_ids if kind == "merger" else solid.true_ids
        order = np.lexsort((-solid.voxels, owners))  # by owner, the largest piece first
        begins = np.ones(len(order), bool)
        begins[1:] = np.diff(owners[order]) != 0
        largest = order[np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))]
        smaller, main = order[~begins], largest[~begins]
        by_size = np.argsort(-solid.voxels[smaller], kind="stable")
        smaller, main = smaller[by_size], main[by_size]
        described = (solid.where(each[:worst]) for each in (main, smaller))
        return cls(kind, solid.voxels[smaller], *described)

    @property
    def pairs(self) -> list[tuple[Pair, Pair]]:
        """The larger and the smaller piece of each of the worst ones."""
        return list(zip(self.larger.pairs, self.smaller.pairs, strict=True))

    def described(self, outlines: Outlines, size: tuple[float, float, float]) -> VolumeErrors:
        """With the places of the worst ones; ``size`` is that of a voxel, as in `Outlines`."""
        points = zip(self.larger.points.tolist(), self.smaller.points.tolist(), strict=True)
        each = zip(self.voxels.tolist(), self.pairs, points, strict=False)  # the worst ones
        worst = tuple(_describe(self.kind, *one, outlines, size) for one in each)
        return VolumeErrors(self.kind, self.voxels, worst)


@dataclass(frozen=True, eq=False)
class VolumeErrors:
    """All mergers, or all splits, the largest first.

    Parameters
    ----------
    kind : {"merger", "split"}
        Of all of them.
    voxels : (E,) int64 array
        Their sizes.
    worst : tuple of VolumeError
        The largest ones.
    """

    kind: Kind
    voxels: Numbers
    worst: tuple[VolumeError, ...]

    def __len__(self) -> int:
        return len(self.voxels)

    @property
    def by_size(self) -> dict[int, int]:
        """How many there are from 1, 10, 100, ... voxels up to the next one; none is left out."""
        decades = np.floor(np.log10(self.voxels)).astype(int) if len(self) else np.zeros(0, int)
        return {10**k: int(count) for k, count in enumerate(np.bincount(decades)) if count}


def _describe(
    kind: Kind,
    voxels: int,
    pair: tuple[Pair, Pair],
    points: tuple[list[int], list[int]],
    outlines: Outlines,
    size: tuple[float, float, float],
) -> VolumeError:
    larger, smaller = pair
    (true, predicted), ((z, y, x), (w, v, u)) = zip(larger, smaller, strict=True), points
    return VolumeError(
        kind, voxels, true, predicted, ((z, y, x), (w, v, u)),
        meeting=outlines.meeting(smaller, larger, size), box=outlines.box(smaller),
    )  # fmt: skip
