"""The mergers and splits of a volume: how many of which size, and where the worst ones are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from napari_emseg.core.label_runs import Numbers

if TYPE_CHECKING:
    from napari_emseg.core.scores.volume.pieces import Pieces  # it loads OpenCV

Kind: TypeAlias = Literal["merger", "split"]
Point: TypeAlias = tuple[int, int, int]


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
    """

    kind: Kind
    voxels: int
    true_ids: tuple[int, int]
    predicted_ids: tuple[int, int]
    points: tuple[Point, Point]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class VolumeErrors:
    """All mergers, or all splits, the largest first.

    A cell in k pieces is split k - 1 times, a predicted cell over k true ones merges k - 1 times:
    every piece but the largest one is an error.

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

    @classmethod
    def find(cls, kind: Kind, pieces: Pieces, *, radius_px: float, worst: int) -> VolumeErrors:
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
            How many are described.
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
        described = tuple(
            _describe(kind, solid, int(a), int(b))
            for a, b in zip(main[:worst], smaller[:worst], strict=True)
        )
        return cls(kind, solid.voxels[smaller], described)

    def __len__(self) -> int:
        return len(self.voxels)

    @property
    def by_size(self) -> dict[int, int]:
        """How many there are from 1, 10, 100, ... voxels up to the next one; none is left out."""
        decades = np.floor(np.log10(self.voxels)).astype(int) if len(self) else np.zeros(0, int)
        return {10**k: int(count) for k, count in enumerate(np.bincount(decades)) if count}


def _describe(kind: Kind, pieces: Pieces, main: int, smaller: int) -> VolumeError:
    both = [main, smaller]
    true, predicted = (ids[both].tolist() for ids in (pieces.true_ids, pieces.predicted_ids))
    (a, b), voxels = pieces.points[both].tolist(), int(pieces.voxels[smaller])
    return VolumeError(kind, voxels, tuple(true), tuple(predicted), (tuple(a), tuple(b)))
