"""How the segments of a prediction overlap the cells of a truth: the table behind the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from scipy import sparse
from skimage.measure import label
from skimage.segmentation import watershed

BoolImage: TypeAlias = npt.NDArray[np.bool_]
LabelImage: TypeAlias = npt.NDArray[np.int32]
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


def contingency(rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> sparse.csr_array:
    """Count the pixels that two label arrays of equal shape share.

    Parameters
    ----------
    rows, columns : integer arrays
        0 is membrane and not counted.

    Returns
    -------
    (R, C) float64 sparse array
        Pixels with id r in ``rows`` and c in ``columns``; what is stored is above 0, row by row,
        in order of the columns.
    """
    both = (rows > 0) & (columns > 0)
    pairs = (rows[both], columns[both])
    shape = (int(rows.max(initial=0)) + 1, int(columns.max(initial=0)) + 1)
    # compressing sums the duplicates, an order of magnitude faster than sorting in np.unique
    table = sparse.coo_array((np.ones(pairs[0].size), pairs), shape=shape).tocsr()
    table.sort_indices()
    return table


def cell_components(truth: npt.NDArray[Any]) -> LabelImage:
    """Number the cells of one slice of a truth.

    Parameters
    ----------
    truth : (Y, X) array
        Nonzero is cell. Neighbouring pixels belong to one cell where their values are equal, so
        that touching ids of an instances truth stay apart; a float array counts as a mask.

    Returns
    -------
    (Y, X) int32 array
        0 for membrane, 1, 2, ... for the 4-connected cells, not thinned.
    """
    values = truth if np.issubdtype(truth.dtype, np.integer) else truth != 0
    if values.dtype == bool:
        return _components(values)
    numbered: LabelImage = label(values, background=0, connectivity=1).astype(np.int32)
    return numbered


def thin_borders(mask: BoolImage) -> LabelImage:
    """Grow the cells of a mask until lines one pixel wide are left between them.

    Watershed with 4-connectivity from the 4-connected cells, with a watershed line, as the
    challenge does before it scores.

    Parameters
    ----------
    mask : (Y, X) bool array
        True is cell.

    Returns
    -------
    (Y, X) int32 array
        0 on the lines, else the cell's number. A mask without a cell gives 0 everywhere.

    References
    ----------
    Arganda-Carreras et al. 2015, https://doi.org/10.3389/fnana.2015.00142
    """
    cells = _components(mask)
    if not mask.any() or mask.all():
        return cells
    return flood((~mask).astype(np.uint8), cells, ~mask, line=True)


def flood(
    height: npt.NDArray[Any], markers: LabelImage, within: BoolImage, *, line: bool = False
) -> LabelImage:
    """Watershed with 4-connectivity from markers.

    Parameters
    ----------
    height : (Y, X) array
        What is flooded, from below.
    markers : (Y, X) int32 array
        Where the flood begins, with the ids it carries; 0 elsewhere. No two markers touch.
    within : (Y, X) bool array
        Where it may go, beside the markers.
    line : bool
        Leave 0 where floods meet, instead of letting them touch.

    Returns
    -------
    (Y, X) int32 array
        The markers, grown; 0 where no flood comes.
    """
    marked = markers > 0
    # only the rim of a marker can flood: leaving its inside out of the queue halves the time
    rim = marked & ~_inside(marked)
    grown = watershed(
        height,
        markers=np.where(rim, markers, 0),
        connectivity=1,
        mask=rim | (within & ~marked),
        watershed_line=line,
    )
    flooded: LabelImage = np.where(marked, markers, grown).astype(np.int32, copy=False)
    return flooded


def _inside(mask: BoolImage) -> BoolImage:
    """Pixels of a mask (Y, X) whose four neighbours, as far as there are any, are in it too."""
    padded = np.pad(mask, 1, constant_values=True)
    inside: BoolImage = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside


def _components(mask: BoolImage) -> LabelImage:
    """Number the 4-connected components of a mask (Y, X)."""
    # half the time of scipy's, the same numbers, and other threads go on meanwhile
    numbered: LabelImage
    _, numbered = cv2.connectedComponents(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    return numbered


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
