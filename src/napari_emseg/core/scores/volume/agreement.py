"""How far two sets of cells agree: adapted Rand error, variation of information, CREMI score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_runs import Numbers, sums_by

if TYPE_CHECKING:
    from napari_emseg.core.scores.volume.pieces import Pieces  # it loads OpenCV

TITLES: dict[str, str] = {
    "are": "ARE",
    "rand_precision": "Rand precision",
    "rand_recall": "Rand recall",
    "voi_split": "VOI split",
    "voi_merge": "VOI merge",
    "voi": "VOI",
    "cremi_score": "CREMI score",
}
"""What a person calls each score, in the order in which they are shown."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of predicted with true cells.

    Parameters
    ----------
    are : float
        Adapted Rand error, 0..1, 0 where nothing is wrong: 1 less the F-score of the two below.
    rand_precision : float
        Of the pairs of voxels in one predicted cell, the part in one true cell; mergers lower it.
    rand_recall : float
        Of the pairs of voxels in one true cell, the part in one predicted cell; splits lower it.
    voi_split : float
        Entropy of the prediction given the truth, in bits (log2), 0 and up; only splits raise it.
    voi_merge : float
        Entropy of the truth given the prediction, in bits; only mergers raise it.

    References
    ----------
    .. [1] Arganda-Carreras I. et al. (2015). Crowdsourcing the creation of image segmentation
       algorithms for connectomics. Frontiers in Neuroanatomy 9:142.
       https://doi.org/10.3389/fnana.2015.00142
    .. [2] Meila M. (2007). Comparing clusterings, an information based distance. Journal of
       Multivariate Analysis 98:873-895. https://doi.org/10.1016/j.jmva.2006.11.013
    """

    are: float
    rand_precision: float
    rand_recall: float
    voi_split: float
    voi_merge: float

    @property
    def voi(self) -> float:
        """Variation of information in bits: both parts."""
        return self.voi_split + self.voi_merge

    @property
    def cremi_score(self) -> float:
        """Geometric mean of VOI and ARE, as the CREMI challenge ranks (https://cremi.org)."""
        return sqrt(self.voi * self.are)

    @classmethod
    def of(cls, pieces: Pieces, *, unassigned_alone: bool = False) -> Self:
        """From the pieces of a slice or of a volume, one or more.

        Parameters
        ----------
        pieces : Pieces
            Of all voxels that count.
        unassigned_alone : bool
            Whether the Rand error is that of CREMI's program: each voxel that the prediction
            leaves 0 is a cell of its own, and a voxel makes a pair with itself. Else all voxels
            that are left 0 are one cell more, and a voxel makes no pair with itself, as in
            `skimage.metrics.adapted_rand_error`. VOI takes them for one cell in both challenges.
        """
        true, predicted = pieces.true_ids, pieces.predicted_ids
        true_sizes = _sums(true, pieces.voxels)
        if unassigned_alone:
            inside = predicted > 0
            total = float(pieces.voxels.sum())
            # the program divides by the number of voxels, so that they weigh next to nothing
            alone = float(pieces.voxels[~inside].sum()) / total
            both = _squares(pieces.voxels[inside]) + alone
            in_truth = _squares(true_sizes)
            in_prediction = _squares(_sums(predicted[inside], pieces.voxels[inside])) + alone
        else:
            sizes = (pieces.voxels, true_sizes, _sums(predicted, pieces.voxels))
            both, in_truth, in_prediction = map(_pairs, sizes)
        return cls(
            are=1 - _ratio(2 * both, in_truth + in_prediction),
            rand_precision=_ratio(both, in_prediction),
            rand_recall=_ratio(both, in_truth),
            voi_split=_entropy_within(true, pieces.voxels),
            voi_merge=_entropy_within(predicted, pieces.voxels),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"voi": self.voi, "cremi_score": self.cremi_score}


def _sums(ids: Numbers, voxels: Numbers) -> npt.NDArray[np.float64]:
    """Voxels of each id."""
    found, number = np.unique(ids, return_inverse=True)
    return sums_by(number, voxels, found.size)


def _squares(sizes: npt.NDArray[Any]) -> float:
    counts = sizes.astype(np.float64)
    return float(counts @ counts)


def _pairs(sizes: npt.NDArray[Any]) -> float:
    """Ordered pairs of two different voxels."""
    counts = sizes.astype(np.float64)
    return float(counts @ (counts - 1))


def _ratio(part: float, whole: float) -> float:
    """1 where there is no pair that could be wrong."""
    return part / whole if whole else 1.0


def _entropy_within(ids: Numbers, voxels: Numbers) -> float:
    """Entropy in bits of the pieces within the cells of these ids, weighted by their sizes."""
    _, number = np.unique(ids, return_inverse=True)
    share = voxels / np.bincount(number, voxels)[number]
    return max(0.0, -float(voxels @ np.log2(share)) / float(voxels.sum()))
