"""From painted labels to what the network is trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_emseg.core.classes import class_names, missing_classes
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.errors import LabelsError
from napari_emseg.types import Float32Array, LabelsMeaning

_NEGLIGIBLE = 1e-6
"""Border weights below this part of w_0 are taken as zero, which bounds the search for cells."""

_LISTED = 10
"""Slices that an error message lists."""


@dataclass(frozen=True, eq=False)
class Target:
    """What a network learns from.

    Parameters
    ----------
    classes : (Z, Y, X) uint8 array
        0 where membrane (or unknown), 1 where cell, 2.. where a further class.
    weights : (Z, Y, X) float32 array
        Weight of every pixel in the loss; 0 where the class is unknown.
    labelled : tuple of int
        Slices that carry labels.
    """

    classes: npt.NDArray[np.uint8]
    weights: Float32Array
    labelled: tuple[int, ...]


def guess_meaning(labels: npt.NDArray[Any], classes: int = 2) -> LabelsMeaning:
    """The most likely meaning of ``labels`` (Z, Y, X) painted for so many classes."""
    if classes > 2:
        return "scribbles"
    values = np.unique(labels)
    painted = values[values != 0]
    if painted.size <= 1:
        return "mask"
    if set(painted.tolist()) == {1, 2}:
        return "scribbles"
    return "instances"


def make_target(
    labels: npt.NDArray[Any],
    meaning: LabelsMeaning,
    config: TrainConfig,
    *,
    slices: Sequence[int] | None = None,
    classes: int = 2,
    reviewed: npt.NDArray[np.bool_] | None = None,
) -> Target:
    """Class map and weight map of painted labels.

    The weights are w(x) = w_c(x) + w_0 exp(-(d1(x) + d2(x))^2 / (2 sigma^2)), where w_c balances
    the classes and d1, d2 are the distances to the nearest and the second nearest cell; see
    `border_weights` for how exact they are. The further classes are parts of cells.

    Parameters
    ----------
    labels : (Z, Y, X) integer or bool array
        What a person painted. A slice of zeros is not labelled.
    meaning : {"mask", "scribbles", "instances"}
        How to read it.
    config : TrainConfig
        Brings w_0 (``border_weight``) and sigma (``border_sigma_px``).
    slices : sequence of int, optional
        Use only these slices, each of which must be labelled; all labelled ones by default.
    classes : int
        How many classes there are. Only scribbles hold more than two.
    reviewed : (Z, Y, X) bool array, optional
        Pixels whose labels count; the class of all others is unknown. All count by default.

    Returns
    -------
    Target

    Raises
    ------
    LabelsError
        If labels are floats, have other axes or values than their meaning, if no slice or one of
        the named ones is not labelled, or a class was painted in none of them. The message says
        which slice.

    References
    ----------
    Ronneberger, Fischer, Brox: U-Net. MICCAI 2015. https://doi.org/10.1007/978-3-319-24574-4_28
    """
    _require_integers(labels)
    class_map, known = _classes_and_known(labels, meaning, classes)
    labelled = _labelled_slices(labels, slices, reviewed)
    if reviewed is not None:
        known = known & reviewed
    balance = _class_weights(class_map, known, labelled, classes)
    weights = np.zeros(labels.shape, np.float32)
    for z in labelled:
        cells = labels[z] if meaning == "instances" else ndimage.label(class_map[z])[0]
        border = border_weights(cells, config.border_weight, config.border_sigma_px)
        weights[z] = (balance[class_map[z]] + border) * known[z]
    return Target(class_map, weights, tuple(labelled))


def _require_integers(labels: npt.NDArray[Any]) -> None:
    if labels.ndim != 3:
        raise LabelsError(f"labels: expected (Z, Y, X), received shape {labels.shape}")
    if labels.dtype.kind not in "iub":
        raise LabelsError(
            f"labels: expected integers, received {labels.dtype}{_first_fraction(labels)}; convert "
            "the layer to labels first"
        )


def _first_fraction(labels: npt.NDArray[Any]) -> str:
    """Where labels of a wrong dtype hold what no integer is, in words."""
    for z, each in enumerate(labels if labels.dtype.kind in "fc" else ()):
        fractions = each[each != np.round(each)]
        if fractions.size:
            return f" (slice {z} holds {fractions[0]:g})"
    return ""


def _classes_and_known(
    labels: npt.NDArray[Any], meaning: LabelsMeaning, count: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    if meaning == "scribbles":
        _require_scribbles(labels, count)
        return np.maximum(labels.astype(np.uint8), 1) - np.uint8(1), labels != 0
    if count > 2:
        raise LabelsError(
            f"labels: expected scribbles for {count} classes, received {meaning}, which holds "
            "membrane and cell only; choose the meaning scribbles, or 2 classes"
        )
    return (labels != 0).astype(np.uint8), np.ones(labels.shape, bool)


def _require_scribbles(labels: npt.NDArray[Any], count: int) -> None:
    wrong = [z for z, each in enumerate(labels) if each.min() < 0 or each.max() > count]
    if wrong:
        received = labels[wrong[0]]
        named = ", ".join(f"{k} ({name})" for k, name in enumerate(class_names(count), start=1))
        other = "the meaning mask or instances instead, or more" if count == 2 else "more"
        raise LabelsError(
            f"labels: scribbles are 0 (unknown), {named}, received values from {received.min()} to "
            f"{received.max()} in slice {wrong[0]}; choose {other} classes than {count}"
        )


def _labelled_slices(
    labels: npt.NDArray[Any], wanted: Sequence[int] | None, reviewed: npt.NDArray[np.bool_] | None
) -> list[int]:
    if wanted is not None and not all(0 <= z < len(labels) for z in wanted):
        raise LabelsError(
            f"slices: expected 0 to {len(labels) - 1}, received {', '.join(map(str, wanted))}"
        )
    labelled = [z for z, each in enumerate(labels) if each.any()]
    if reviewed is not None:
        labelled = [z for z in labelled if reviewed[z].any()]
    if not labelled:
        raise LabelsError("labels: no slice is labelled; paint at least one slice and try again")
    return labelled if wanted is None else _labelled_of(wanted, labelled)


def _labelled_of(wanted: Sequence[int], labelled: list[int]) -> list[int]:
    if not wanted:
        raise LabelsError("slices: expected at least one, received none")
    if unlabelled := sorted(set(wanted) - set(labelled)):
        raise LabelsError(
            f"slices: expected labelled ones, received {_listed(unlabelled)} without labels; paint "
            f"there, or choose among {_listed(labelled)}"
        )
    return sorted(set(wanted))


def _listed(slices: list[int]) -> str:
    shown = ", ".join(map(str, slices[:_LISTED])) + (", ..." if len(slices) > _LISTED else "")
    return f"slice {shown}" if len(slices) == 1 else f"slices {shown}"


def _class_weights(
    class_map: npt.NDArray[np.uint8],
    known: npt.NDArray[np.bool_],
    labelled: list[int],
    count: int,
) -> npt.NDArray[np.float32]:
    """Weights (count,) of the classes under which each counts alike, 1 on average."""
    pixels = np.bincount(class_map[labelled][known[labelled]], minlength=count)
    if missing := missing_classes(np.flatnonzero(pixels), count):
        raise LabelsError(
            f"labels: no {missing} is painted in {_listed(labelled)}; the network needs all of "
            f"{', '.join(class_names(count))}"
        )
    weights: npt.NDArray[np.float32] = (pixels.sum() / (count * pixels)).astype(np.float32)
    return weights


def border_weights(cells: npt.NDArray[Any], w_0: float, sigma_px: float) -> Float32Array:
    """The term w_0 exp(-(d1 + d2)^2 / (2 sigma^2)) of the U-Net's weight map.

    Parameters
    ----------
    cells : (Y, X) integer array
        Instance ids, 0 where membrane.
    w_0 : float
        Weight where two cells touch.
    sigma_px : float
        Width of the border in px.

    Returns
    -------
    (Y, X) float32 array
        0..w_0. Distances are exact Euclidean ones between pixels. Only cells farther than 5.26
        sigma are not looked for: with one of them the term is below w_0 / 10^6, and 0 here.
    """
    reach = int(np.ceil(sigma_px * np.sqrt(-2 * np.log(_NEGLIGIBLE))))
    nearest = np.full(cells.shape, np.inf, np.float32)
    second = nearest.copy()
    for window, distance in _distances(cells, reach):
        d1, d2 = nearest[window], second[window]
        np.minimum(d2, np.maximum(d1, distance), out=d2)
        np.minimum(d1, distance, out=d1)
    result: Float32Array = w_0 * np.exp(-((nearest + second) ** 2) / (2 * sigma_px**2))
    return result


def _distances(
    cells: npt.NDArray[Any], reach: int
) -> Iterator[tuple[tuple[slice, ...], Float32Array]]:
    """For each cell its surroundings up to ``reach`` px, and the distances to it in there."""
    _, position = np.unique(cells, return_inverse=True)
    compact = np.where(cells == 0, 0, position.reshape(cells.shape) + 1)
    for number, box in enumerate(ndimage.find_objects(compact), start=1):
        if box is None:  # the number that the membrane would have had
            continue
        window = tuple(
            slice(max(0, side.start - reach), min(n, side.stop + reach))
            for side, n in zip(box, cells.shape, strict=True)
        )
        outside = compact[window] != number
        yield window, ndimage.distance_transform_edt(outside).astype(np.float32)
