"""What the borders and overlaps of fragments look like, in numbers.

Three kinds of edges: `BORDER`, where two fragments of a slice touch; `NEXT`, where two of
neighbouring slices overlap; `ACROSS`, the same with a slice between. All lengths are in px of the
size that the numbers were learned at, see `SliceView.scale`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.slice_view import Ids, SliceView, Values
from napari_emseg.core.label_images import LabelImage
from napari_emseg.types import Float32Array

BORDER, NEXT, ACROSS = "border", "next", "across"
KINDS = (BORDER, NEXT, ACROSS)

_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_LEAST_SHARED_PX = 10
"""Fragments that share less of their cells across a slice are no neighbours."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges of one kind.

    Parameters
    ----------
    first, second : (E,) int64 arrays
        The two fragments of each.
    size : (E,) float64 array
        Length of the border, or area of the overlap, in px of the learned size.
    features : (E, F) float32 array
        What it looks like.
    """

    first: Ids
    second: Ids
    size: Values
    features: Float32Array

    def __len__(self) -> int:
        return self.first.size

    @classmethod
    def joined(cls, parts: list[Edges], n_features: int) -> Edges:
        """All edges of several parts; there may be none."""
        nothing = cls(
            np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0),
            np.zeros((0, n_features), np.float32),
        )  # fmt: skip
        every = [nothing, *parts]
        return cls(
            np.concatenate([each.first for each in every]),
            np.concatenate([each.second for each in every]),
            np.concatenate([each.size for each in every]),
            np.concatenate([each.features for each in every]),
        )


def borders(view: SliceView, below: SliceView, above: SliceView) -> Edges:
    """Borders within a slice, 4-connected.

    Parameters
    ----------
    view, below, above : SliceView
        The slice, the one before and the one after: where a membrane of this slice is faint, those
        beside may show it. At an end of the volume it is the slice itself.
    """
    pairs, pixels = _border_pixels(view.fragments, (view.probability, view.smooth,
                                                    below.smooth, above.smooth))  # fmt: skip
    key = pairs[0].astype(np.int64) * (view.count + 1) + pairs[1]
    order = np.argsort(key, kind="stable")
    key = key[order]
    start = np.flatnonzero(np.r_[np.ones(min(key.size, 1), bool), key[1:] != key[:-1]])
    a, b = key[start] // (view.count + 1), key[start] % (view.count + 1)
    length: Values = np.diff(np.r_[start, key.size]) * float(view.scale)
    raw, smooth, down, up = (_statistics(each[order], start) for each in pixels)
    i, j = a - 1, b - 1
    perimeter = np.bincount(i, length, view.count) + np.bincount(j, length, view.count)
    least_area, most_area = _both(view.area, i, j)
    least_core, most_core = _both(view.core_area, i, j)
    least_depth, most_depth = _both(view.deepest, i, j)
    least_mean, most_mean = _both(view.mean, i, j)
    features = np.column_stack(
        [
            np.log(length), raw, smooth, np.minimum(down, up), np.maximum(down, up),
            np.log1p(least_area), np.log1p(most_area), np.log1p(least_core), np.log1p(most_core),
            np.log1p(least_depth), np.log1p(most_depth), least_mean, most_mean,
            length / np.sqrt(least_area), length / np.minimum(perimeter[i], perimeter[j]),
            np.log(length / (1 + least_depth)),
        ]
    )  # fmt: skip
    return Edges(view.ids(a), view.ids(b), length, features.astype(np.float32))


N_BORDER = 1 + 4 * (2 + len(_QUANTILES)) + 11


def overlaps(first: SliceView, second: SliceView, between: SliceView | None = None) -> Edges:
    """Overlaps of the fragments of two slices.

    Parameters
    ----------
    first, second : SliceView
        Neighbours, or with one slice between.
    between : SliceView, optional
        That one: the edges are then those whose cells overlap.
    """
    width = second.count + 1
    key = (first.fragments.astype(np.int64) * width + second.fragments).ravel()
    shared_all = np.bincount(key, minlength=(first.count + 1) * width)
    seen = np.flatnonzero(shared_all)
    seen = seen[(seen // width > 0) & (seen % width > 0)]
    core = (first.core & second.core).ravel()
    scale = first.scale**2
    shared_core = np.bincount(key, core, minlength=shared_all.size)
    if between is not None:
        seen = seen[shared_core[seen] > _LEAST_SHARED_PX]
    number = np.zeros(shared_all.size, np.int32)
    number[seen] = np.arange(1, seen.size + 1)
    which = number[key]
    deepest = np.zeros(seen.size + 1, np.float32)
    np.maximum.at(deepest, which, np.minimum(first.depth, second.depth).ravel())
    pixels = shared_all[seen]
    shared = (pixels * scale).astype(np.float64)
    shared_in = (shared_core[seen] * scale).astype(np.float64)

    def sums(values: npt.NDArray[Any]) -> Values:
        found: Values = np.bincount(which, values.ravel(), seen.size + 1)[1:].astype(np.float64)
        return found

    least_mean = sums(np.minimum(first.probability, second.probability)) / pixels
    if between is None:
        product = sums(first.probability * second.probability) / pixels
    else:
        product = sums(core * between.probability.ravel()) / shared_core[seen]
    i, j = seen // width - 1, seen % width - 1
    features = _overlap_features(
        first, second, i, j, shared, shared_in, least_mean, product, deepest[1:]
    )
    return Edges(first.ids(i + 1), second.ids(j + 1), shared, features)


N_OVERLAP = 24


def _overlap_features(
    first: SliceView, second: SliceView, i: Ids, j: Ids, shared: Values, shared_in: Values,
    least_mean: Values, product: Values, deepest: Float32Array,
) -> Float32Array:  # fmt: skip
    area_i, area_j = first.area[i], second.area[j]
    core_i, core_j = first.core_area[i], second.core_area[j]
    depth_i, depth_j = first.deepest[i], second.deepest[j]
    mean_i, mean_j = first.mean[i], second.mean[j]
    of_i, of_j = shared_in / np.maximum(core_i, 1), shared_in / np.maximum(core_j, 1)
    ahead_i = (shared_in - _best_other(i, shared_in, first.count)) / np.maximum(core_i, 1)
    ahead_j = (shared_in - _best_other(j, shared_in, second.count)) / np.maximum(core_j, 1)
    (y_i, x_i), (y_j, x_j) = first.centre, second.centre
    apart = np.hypot(y_i[i] - y_j[j], x_i[i] - x_j[j])
    least_depth = np.minimum(depth_i, depth_j)
    return np.column_stack(
        [
            np.log(shared), np.log1p(shared_in), least_mean, product, np.log1p(deepest),
            deepest / np.maximum(least_depth, 1), shared / (area_i + area_j - shared),
            shared_in / np.maximum(core_i + core_j - shared_in, 1),
            np.minimum(of_i, of_j), np.maximum(of_i, of_j),
            np.minimum(shared / area_i, shared / area_j),
            np.maximum(shared / area_i, shared / area_j),
            np.minimum(ahead_i, ahead_j), np.maximum(ahead_i, ahead_j),
            np.log1p(apart / np.sqrt(np.minimum(area_i, area_j))),
            np.log1p(np.minimum(area_i, area_j)), np.log1p(np.maximum(area_i, area_j)),
            np.log1p(np.minimum(core_i, core_j)), np.log1p(np.maximum(core_i, core_j)),
            np.minimum(mean_i, mean_j), np.maximum(mean_i, mean_j),
            np.log1p(least_depth), np.log1p(np.maximum(depth_i, depth_j)), shared_in / shared,
        ]
    ).astype(np.float32)  # fmt: skip


def _border_pixels(
    fragments: LabelImage, images: tuple[Float32Array, ...]
) -> tuple[tuple[npt.NDArray[Any], npt.NDArray[Any]], list[Float32Array]]:
    """Lower and higher fragment at each step over a border, and there the lower of both values."""
    low, high, lower = [], [], [[] for _ in images]  # type: list[Any], list[Any], list[list[Any]]
    for before, after in (
        (np.s_[:-1, :], np.s_[1:, :]),
        (np.s_[:, :-1], np.s_[:, 1:]),
    ):
        a, b = fragments[before], fragments[after]
        at = (a != b) & (a > 0) & (b > 0)
        low.append(np.minimum(a[at], b[at]))
        high.append(np.maximum(a[at], b[at]))
        for values, image in zip(lower, images, strict=True):
            values.append(np.minimum(image[before][at], image[after][at]))
    return (np.concatenate(low), np.concatenate(high)), [np.concatenate(each) for each in lower]


def _statistics(values: Float32Array, start: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Mean, standard deviation and quantiles (E, 9) of the runs that begin at ``start``."""
    if not start.size:
        return np.zeros((0, 2 + len(_QUANTILES)))
    count = np.diff(np.r_[start, values.size])
    mean = np.add.reduceat(values, start, dtype=np.float64) / count
    square = np.add.reduceat(values.astype(np.float64) ** 2, start) / count
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    run = np.repeat(np.arange(start.size), count)
    rising = values[np.lexsort((values, run))]
    quantiles = [rising[start + ((count - 1) * q).astype(np.intp)] for q in _QUANTILES]
    return np.column_stack([mean, deviation, *quantiles])


def _both(of: Values, i: Ids, j: Ids) -> tuple[Values, Values]:
    return np.minimum(of[i], of[j]), np.maximum(of[i], of[j])


def _best_other(node: Ids, value: Values, count: int) -> Values:
    """For each edge the highest value among the other edges of its fragment; 0 without any."""
    order = np.lexsort((-value, node))
    sorted_node = node[order]
    is_first = np.r_[np.ones(min(node.size, 1), bool), sorted_node[1:] != sorted_node[:-1]]
    best, second = np.zeros(count), np.zeros(count)
    leaders = np.flatnonzero(is_first)
    best[sorted_node[leaders]] = value[order][leaders]
    seconds = leaders + 1
    seconds = seconds[seconds < node.size]
    seconds = seconds[~is_first[seconds]]
    second[sorted_node[seconds]] = value[order][seconds]
    is_best = np.zeros(node.size, bool)
    is_best[order[leaders]] = True
    return np.where(is_best, second[node], best[node])
