"""From painted labels to what the network is trained on, slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_emseg.core.classes import class_names, missing_classes
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.label_images import touching_pixels
from napari_emseg.core.label_meaning import guess_meaning
from napari_emseg.core.label_reading import LabelReading, is_labelled
from napari_emseg.core.train.border_weights import border_weights
from napari_emseg.errors import LabelsError
from napari_emseg.types import ArrayLike, Float32Array, LabelsMeaning

_LISTED = 10
"""Slices that an error message lists."""


@dataclass(frozen=True, eq=False)
class SliceTarget:
    """What a network learns from one slice.

    Parameters
    ----------
    classes : (Y, X) uint8 array
        0 where membrane (or unknown), 1 where cell, 2.. where a further class.
    weights : (Y, X) float32 array
        Weight of every pixel in the loss; 0 where the class is unknown.
    """

    classes: npt.NDArray[np.uint8]
    weights: Float32Array

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where the class is known: (Y, X)."""
        known: npt.NDArray[np.bool_] = self.weights > 0
        return known


@dataclass(frozen=True, eq=False)
class Target:
    """What a network learns from; ``target[z]`` is that of a slice with labels.

    Parameters
    ----------
    shape : tuple of int
        Of the stack (Z, Y, X).
    slices : mapping of int to SliceTarget
        The slices that carry labels, ascending. Of others nothing is held, however many they are.
    """

    shape: tuple[int, int, int]
    slices: Mapping[int, SliceTarget]

    def __getitem__(self, z: int) -> SliceTarget:
        return self.slices[z]

    @property
    def labelled(self) -> tuple[int, ...]:
        """Slices that carry labels, ascending."""
        return tuple(self.slices)


Reviewed: TypeAlias = Callable[[int], npt.NDArray[np.bool_]]
"""Gives the pixels (Y, X) of a slice whose labels count."""


def make_target(
    labels: ArrayLike,
    meaning: LabelsMeaning | LabelReading,
    config: TrainConfig,
    *,
    slices: Sequence[int] | None = None,
    classes: int = 2,
    names: Sequence[str] | None = None,
    reviewed: Reviewed | None = None,
) -> Target:
    """Class maps and weight maps of painted labels, slice by slice.

    The weights are w(x) = w_c(x) + w_0 exp(-(d1(x) + d2(x))^2 / (2 sigma^2)), where w_c balances
    the classes and d1, d2 are the distances to the nearest and the second nearest cell; see
    `border_weights` for how exact they are. The further classes are parts of cells.

    Instances that touch get a membrane of 2 px between them, one of each: two in one would teach
    the network to merge them, and score it by it. So thin it takes little of thin cells, and the
    weights are highest there.

    Parameters
    ----------
    labels : (Z, Y, X) integer or bool array
        What a person painted; numpy or lazy, of which only ``slices`` are read. A slice of zeros
        is not labelled.
    meaning : {"mask", "membranes", "scribbles", "instances"} or LabelReading
        How to read it: what else must be known beside a meaning is found in the labels.
    config : TrainConfig
        Brings w_0 (``border_weight``) and sigma (``border_sigma_px``).
    slices : sequence of int, optional
        Use only these slices, each of which must be labelled; all labelled ones by default.
    classes : int
        How many classes there are. Only scribbles hold more than two.
    names : sequence of str, optional
        What they are called in what goes wrong; as `class_names` by default.
    reviewed : callable, optional
        ``reviewed(z)`` gives the pixels (Y, X) whose labels count, bool; the class of all others
        is unknown. All count by default.

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
    _require_slices(slices, labels.shape[0])
    if not isinstance(meaning, LabelReading):
        meaning = _reading(labels, meaning, slices, classes)
    names = tuple(names or class_names(classes))
    painting = _Painting(labels, meaning, names, reviewed)
    painted = painting.read(slices)
    balance = _class_weights(painted, names)
    return Target(painting.shape, {
        z: SliceTarget(each.classes, painting.weights(z, each, balance, config))
        for z, each in painted.items()
    })  # fmt: skip


def _reading(
    labels: ArrayLike, meaning: LabelsMeaning, slices: Sequence[int] | None, classes: int
) -> LabelReading:
    chosen = None if slices is None else set(slices)
    counts = None if chosen is None else chosen.__contains__
    found = guess_meaning(labels, classes=classes, counts=counts, told=meaning)
    return LabelReading.of(found.reading or meaning)


class _Painted(NamedTuple):
    """Class map and known pixels of a slice (Y, X)."""

    classes: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]


class _Painting:
    """Labels, read slice by slice as `make_target` is told to."""

    def __init__(
        self,
        labels: ArrayLike,
        reading: LabelReading,
        names: tuple[str, ...],
        reviewed: Reviewed | None,
    ) -> None:
        if len(names) > 2 and reading.meaning != "scribbles":
            raise LabelsError(
                f"labels: expected scribbles for {len(names)} classes, received {reading.meaning}, "
                "which holds membrane and cell only; choose the meaning scribbles, or 2 classes"
            )
        z, y, x = labels.shape
        self.shape = int(z), int(y), int(x)
        self._labels, self._reading = labels, reading
        self._names, self._reviewed = names, reviewed

    def read(self, wanted: Sequence[int] | None) -> dict[int, _Painted]:
        """The wanted slices, or all that are labelled, ascending."""
        chosen = range(self.shape[0]) if wanted is None else sorted(set(wanted))
        painted = {z: each for z in chosen if (each := self._read(z)) is not None}
        if painted and (wanted is None or len(painted) == len(chosen)):
            return painted
        raise self._missing(chosen if wanted is not None else None)

    def _read(self, z: int) -> _Painted | None:
        """One slice; None where it is not labelled."""
        labels = self._slice(z)
        if not is_labelled(labels):
            return None
        if self._reading.meaning == "scribbles":
            _require_scribbles(z, labels, self._reading, self._names)
        known = self._reading.known(labels)
        if self._reviewed is not None:
            known &= self._reviewed(z)
        return _Painted(self._classes(labels), known) if known.any() else None

    def _classes(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        classes = self._reading.classes(labels)
        if self._reading.meaning == "instances":
            classes[touching_pixels(self._reading.ids(labels))] = 0
        return classes

    def _slice(self, z: int) -> npt.NDArray[Any]:
        return np.asarray(self._labels[z])

    def weights(
        self, z: int, painted: _Painted, balance: Float32Array, config: TrainConfig
    ) -> Float32Array:
        """The weight map (Y, X) of a slice under the weights of the classes."""
        ids = self._reading.meaning == "instances"
        cells = self._reading.ids(self._slice(z)) if ids else ndimage.label(painted.classes)[0]
        border = border_weights(cells, config.border_weight, config.border_sigma_px)
        return (balance[painted.classes] + border) * painted.known

    def _missing(self, wanted: Sequence[int] | None) -> LabelsError:
        """What to raise where no slice, or not each wanted one, is labelled."""
        labelled = [z for z in range(self.shape[0]) if self._read(z) is not None]
        if not labelled:
            return LabelsError(
                "labels: no slice is labelled; paint at least one slice and try again"
            )
        if not wanted:
            return LabelsError("slices: expected at least one, received none")
        unlabelled = sorted(set(wanted) - set(labelled))
        return LabelsError(
            f"slices: expected labelled ones, received {_listed(unlabelled)} without labels; paint "
            f"there, or choose among {_listed(labelled)}"
        )


def _require_integers(labels: ArrayLike) -> None:
    if len(labels.shape) != 3:
        raise LabelsError(f"labels: expected (Z, Y, X), received shape {tuple(labels.shape)}")
    if labels.dtype.kind not in "iub":
        raise LabelsError(
            f"labels: expected integers, received {labels.dtype}{_first_fraction(labels)}; convert "
            "the layer to labels first"
        )


def _first_fraction(labels: ArrayLike) -> str:
    """Where labels of a wrong dtype hold what no integer is, in words."""
    for z in range(len(labels) if labels.dtype.kind in "fc" else 0):
        each = np.asarray(labels[z])
        fractions = each[each != np.round(each)]
        if fractions.size:
            return f" (slice {z} holds {fractions[0]:g})"
    return ""


def _require_slices(wanted: Sequence[int] | None, total: int) -> None:
    if wanted is not None and not all(0 <= z < total for z in wanted):
        raise LabelsError(
            f"slices: expected 0 to {total - 1}, received {', '.join(map(str, wanted))}"
        )


def _require_scribbles(
    z: int, labels: npt.NDArray[Any], reading: LabelReading, names: tuple[str, ...]
) -> None:
    painted, count = reading.ids(labels), len(names)
    if painted.min() >= 0 and painted.max() < count + reading.membrane:
        return
    named = ", ".join(f"{k} ({name})" for k, name in enumerate(names, start=1))
    other = "the meaning mask or instances instead, or more" if count == 2 else "more"
    raise LabelsError(
        f"labels: scribbles are 0 (unknown), {named}, received values from {labels.min()} to "
        f"{labels.max()} in slice {z}; choose {other} classes than {count}"
    )


def _listed(slices: Sequence[int]) -> str:
    shown = ", ".join(map(str, slices[:_LISTED])) + (", ..." if len(slices) > _LISTED else "")
    return f"slice {shown}" if len(slices) == 1 else f"slices {shown}"


def _class_weights(painted: Mapping[int, _Painted], names: tuple[str, ...]) -> Float32Array:
    """Weights (K,) of the classes under which each counts alike, 1 on average."""
    count = len(names)
    counted = [np.bincount(each.classes[each.known], minlength=count) for each in painted.values()]
    pixels = np.sum(counted, axis=0)
    if missing := missing_classes(np.flatnonzero(pixels), names):
        raise LabelsError(
            f"labels: no {missing} is painted in {_listed(tuple(painted))}; the network needs all "
            f"of {', '.join(names)}"
        )
    weights: Float32Array = (pixels.sum() / (count * pixels)).astype(np.float32)
    return weights
