"""How the segments of a prediction overlap the cells of a truth: the table behind the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_emseg.core.label_images import LabelImage, contingency

Counts: TypeAlias = npt.NDArray[np.float64]


class Parts(NamedTuple):
    """A score with its two parts, each in 0..1."""

    split: float
    merge: float

    @property
    def f_score(self) -> float:
        """Harmonic mean of the parts."""
        total = self.split + self.merge
        return 2 * self.split * self.merge / total if total else 0.0


@dataclass(frozen=True, eq=False)
class Overlap:
    """Contingency of truth and prediction over the pixels that are cell in the truth.

    Parameters
    ----------
    table : (I, J) float64 sparse array
        The counts ``n_ij`` of pixels in true cell i and predicted segment j, as `contingency`
        gives them.
    true_sizes, predicted_sizes : float64 arrays
        ``a_i`` and ``b_j``: pixels per true cell and per predicted segment.
    singletons : int
        Pixels that the prediction calls membrane; the challenge lets each be a segment of its own.
    """

    table: sparse.csr_array
    true_sizes: Counts
    predicted_sizes: Counts
    singletons: int

    @classmethod
    def count(cls, truth: LabelImage, segments: LabelImage) -> Self:
        """Count over two label images (Y, X); 0 is membrane in both."""
        inside = truth > 0
        true_ids, predicted_ids = truth[inside], segments[inside]
        covered = predicted_ids[predicted_ids > 0]
        return cls(
            table=contingency(true_ids, predicted_ids),
            true_sizes=_sizes(true_ids),
            predicted_sizes=_sizes(covered),
            singletons=int(true_ids.size - covered.size),
        )

    @property
    def joint(self) -> Counts:
        """The counts above 0."""
        counts: Counts = self.table.data
        return counts

    def rand(self) -> Parts:
        """Rand recall (split) and precision (merge), pairs of a pixel with itself included."""
        both = _squares(self.joint) + self.singletons
        if both == 0:
            return Parts(1.0, 1.0)  # no cell in the truth
        in_prediction = _squares(self.predicted_sizes) + self.singletons
        return Parts(both / _squares(self.true_sizes), both / in_prediction)

    def information(self) -> Parts:
        """Mutual information over the entropy of the prediction (split), of the truth (merge)."""
        total = float(self.true_sizes.sum())
        if total == 0:
            return Parts(1.0, 1.0)
        # H = log N - sum c log c / N; a singleton has c = 1 and so adds nothing to the sum
        true, predicted, joint = (
            np.log(total) - _c_log_c(counts) / total
            for counts in (self.true_sizes, self.predicted_sizes, self.joint)
        )
        mutual = true + predicted - joint
        return Parts(_ratio(mutual, predicted), _ratio(mutual, true))


def _sizes(ids: npt.NDArray[np.int32]) -> Counts:
    """Pixels per id, for those that occur."""
    counts = np.bincount(ids)
    return counts[counts > 0].astype(np.float64)


def _squares(counts: Counts) -> float:
    return float(counts @ counts)


def _c_log_c(counts: Counts) -> float:
    return float(counts @ np.log(counts))


def _ratio(mutual: float, entropy: float) -> float:
    """Part of an entropy that is shared, in 0..1; 1 where there is nothing to share."""
    # one segment only: its entropy is 0 up to rounding
    return float(min(max(mutual / entropy, 0.0), 1.0)) if entropy > 1e-12 else 1.0
