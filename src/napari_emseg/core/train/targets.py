"""From painted labels to what the network is trained on, slice by slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import class_names, missing_classes
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.label_meaning import guess_meaning
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.segment.resampling import Resampling
from napari_emseg.core.train._painting import Painting, Reviewed, listed
from napari_emseg.errors import LabelsError
from napari_emseg.types import ArrayLike, Float32Array, LabelsMeaning


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

    def read(self) -> Target:
        """The same, with all its slices in memory."""
        return Target(self.shape, dict(self.slices))


@dataclass(frozen=True, eq=False)
class PaintedTarget(Target):
    """A target whose slices are made of the labels each time that they are asked for."""

    slices: PaintedSlices

    def at(self, resampling: Resampling) -> PaintedTarget:
        """What the labels teach at the pixels of a network.

        They are resampled, and only then is made of them what a network learns: so borders are as
        wide, in its pixels, as those of every other stack.
        """
        z, y, x = self.shape
        return PaintedTarget((z, *resampling.shape((y, x))), self.slices.at(resampling))


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
    membrane and cells and d1, d2 are the distances to the nearest and the second nearest cell; see
    `border_weights` for how exact they are. The further classes are parts of cells, and weigh as
    those do.

    Instances that touch, or nearly do, get a membrane of ``membrane_px`` between them: two in one
    would teach the network to merge them, and score it by it. As thin as 2 px, one of each, it
    takes little of thin cells.

    Parameters
    ----------
    labels : (Z, Y, X) integer or bool array
        What a person painted; numpy or lazy, of which only ``slices`` are read. A slice of zeros
        is not labelled.
    meaning : {"mask", "membranes", "scribbles", "instances"} or LabelReading
        How to read it: what else must be known beside a meaning is found in the labels.
    config : TrainConfig
        Brings w_0 (``border_weight``), sigma (``border_sigma_px``) and ``membrane_px``.
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
        All of it in memory; see `painted_target`.

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
    return painted_target(
        labels, meaning, config, slices=slices, classes=classes, names=names, reviewed=reviewed
    ).read()


def painted_target(
    labels: ArrayLike,
    meaning: LabelsMeaning | LabelReading,
    config: TrainConfig,
    *,
    slices: Sequence[int] | None = None,
    classes: int = 2,
    names: Sequence[str] | None = None,
    reviewed: Reviewed | None = None,
) -> PaintedTarget:
    """As `make_target`, of which nothing is held: a slice is made when it is asked for."""
    _require_integers(labels)
    _require_slices(slices, labels.shape[0])
    if not isinstance(meaning, LabelReading):
        meaning = _reading(labels, meaning, slices, classes)
    names = tuple(names or class_names(classes))
    painting = Painting(labels, meaning, names, reviewed, border_px=config.membrane_px)
    counted = painting.count(slices)
    made = PaintedSlices(painting, tuple(counted), _class_weights(counted, names), config)
    return PaintedTarget(painting.shape, made)


def _reading(
    labels: ArrayLike, meaning: LabelsMeaning, slices: Sequence[int] | None, classes: int
) -> LabelReading:
    chosen = None if slices is None else set(slices)
    counts = None if chosen is None else chosen.__contains__
    found = guess_meaning(labels, classes=classes, counts=counts, told=meaning)
    return LabelReading.of(found.reading or meaning)


class PaintedSlices(Mapping[int, SliceTarget]):
    """What labels teach, slice by slice; of none that was asked for anything is held.

    Parameters
    ----------
    painting : Painting
        The labels.
    labelled : tuple of int
        Slices that carry any, ascending.
    balance : (K,) float32 array
        Weights of the classes.
    config : TrainConfig
        Border weights.
    """

    def __init__(
        self,
        painting: Painting,
        labelled: tuple[int, ...],
        balance: Float32Array,
        config: TrainConfig,
    ) -> None:
        self._painting, self._labelled = painting, labelled
        self._balance, self._config = balance, config

    def at(self, resampling: Resampling) -> PaintedSlices:
        """The same slices at other pixels."""
        painting = self._painting.at(resampling)
        return PaintedSlices(painting, self._labelled, self._balance, self._config)

    def __getitem__(self, z: int) -> SliceTarget:
        if z not in self._labelled:
            raise KeyError(z)
        painted = self._painting.read(z)
        weights = self._painting.weights(z, painted, self._balance, self._config)
        return SliceTarget(painted.classes, weights)

    def __iter__(self) -> Iterator[int]:
        return iter(self._labelled)

    def __len__(self) -> int:
        return len(self._labelled)


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


def _class_weights(
    counted: Mapping[int, npt.NDArray[np.int64]], names: tuple[str, ...]
) -> Float32Array:
    """Weights (K,) under which membrane and cells count alike, 1 on average.

    Parts of cells weigh what the rest of a cell does: were they, who are few, to count as much as
    all of it, whatever looks a little like them would be found to be one.
    """
    pixels = np.sum(list(counted.values()), axis=0)
    if missing := missing_classes(np.flatnonzero(pixels), names):
        raise LabelsError(
            f"labels: no {missing} is painted in {listed(tuple(counted))}; the network needs all "
            f"of {', '.join(names)}"
        )
    whole, membrane = pixels.sum(), pixels[0]
    weights = np.full(len(names), whole / (2 * (whole - membrane)), np.float32)
    weights[0] = whole / (2 * membrane)
    return weights
