"""Ids that stay while the cells of a volume are put together anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_images import CellIds, LabelImage


def keep_ids(
    table: npt.NDArray[np.uint32], fragments: LabelImage, shown: CellIds
) -> npt.NDArray[np.uint32]:
    """Number cells so that those of one slice keep the ids that are shown there.

    Parameters
    ----------
    table : (1 + fragments,) uint32 array
        The id of the cell of each fragment, see `VolumeCells.table`.
    fragments : (Y, X) integer array
        Fragments of the slice, as they are numbered through the volume.
    shown : (Y, X) uint32 array
        Ids that are shown in it; 0 where there is none.

    Returns
    -------
    (1 + fragments,) uint32 array
        The same cells. One that shares most pixels with what is shown under an id, and that with
        it, has this id; the others keep theirs, unless it is taken.
    """
    cells, ids = _mutual(table[fragments], shown)
    own = np.arange(int(table.max(initial=0)) + 1, dtype=np.uint32)
    is_kept = np.zeros(own.size, bool)
    is_kept[cells] = True
    is_taken = np.isin(own, ids)
    number = own.copy()
    number[cells] = ids
    displaced = ~is_kept & is_taken
    number[displaced] = own[is_kept & ~is_taken][: np.count_nonzero(displaced)]
    return number[table]


def _mutual(first: CellIds, second: CellIds) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Pairs of ids of two images that share more pixels with one another than with any other."""
    both = (first > 0) & (second > 0)
    width = int(second.max(initial=0)) + 1
    key, size = np.unique(first[both].astype(np.int64) * width + second[both], return_counts=True)
    key = key[np.argsort(-size, kind="stable")]
    a, b = key // width, key % width
    is_best = [np.zeros(key.size, bool) for _ in range(2)]
    for best, of in zip(is_best, (a, b), strict=True):
        best[np.unique(of, return_index=True)[1]] = True
    mutual = is_best[0] & is_best[1]
    return a[mutual], b[mutual]
