"""Slices of a pair compared in threads, each with the version of its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy.typing as npt

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.parallel import in_order
from napari_emseg.core.scores.probability import to_probability
from napari_emseg.core.scores.slice_comparison import ComparedSlice
from napari_emseg.report.provenance import PixelHash
from napari_emseg.session.compare.layer_pair import LayerPair

DOUBTED = -1
"""A version that no pixels have: of what is to be made anew, with its error map."""


@dataclass(frozen=True, eq=False)
class MeasuredSlice:
    """What comparing a slice gave, and of what.

    Parameters
    ----------
    z : int
        Which slice.
    compared : ComparedSlice or None
        None where the truth is not labelled, or the slice not predicted.
    config : CompareConfig
        The settings.
    version : int
        Of the pixels, as it was before they were read.
    pixels : str
        Hash of the pixels. Most of what raises a version changes none of them, and not all that
        changes them raises it: a file may grow under a layer that is hidden.
    is_predicted : bool
        False where nobody has predicted the slice.
    is_doubtful : bool
        Whether it is 0 everywhere, and nobody knows whether it was predicted.
    """

    z: int
    compared: ComparedSlice | None
    config: CompareConfig
    version: int
    pixels: str
    is_predicted: bool = True
    is_doubtful: bool = False

    @property
    def has_sweep(self) -> bool:
        """Whether it is scored at all thresholds of the sweep, where it can be."""
        return self.compared is None or bool(self.compared.sweep)


def measure(
    pair: LayerPair,
    slices: Sequence[int],
    config: CompareConfig,
    *,
    known: Mapping[int, MeasuredSlice] | None = None,
    thresholds: Sequence[float] = (),
    workers: int = 2,
) -> Iterator[MeasuredSlice]:
    """Compare slices in their order, some side by side.

    Parameters
    ----------
    pair : LayerPair
        Of prediction and truth.
    slices : sequence of int
        Which slices.
    config : CompareConfig
        Threshold, and what is too small to be an error.
    known : mapping of int to MeasuredSlice, optional
        What is given back again, without its map, where pixels and settings are the same; of what
        is `DOUBTED` only the sweep is taken over.
    thresholds : sequence of float
        Thresholds of a sweep, for slices that have none yet.
    workers : int
        How many are compared side by side.
    """
    make = partial(_measure, pair, known or {}, config, tuple(thresholds))
    return in_order(make, slices, workers=workers)


def _measure(
    pair: LayerPair,
    known: Mapping[int, MeasuredSlice],
    config: CompareConfig,
    thresholds: tuple[float, ...],
    z: int,
) -> MeasuredSlice:
    version = pair.version(z)  # first: what is painted meanwhile makes it an old one
    known_to_be = pair.prediction.is_predicted(z)
    if known_to_be is False:
        return MeasuredSlice(z, None, config, version, "", is_predicted=False)
    predicted, labels = pair.predicted(z), pair.true(z)
    pixels = PixelHash.of((predicted, labels))
    before = known.get(z)
    if before is None or before.pixels != pixels:
        before = None
    elif _is_still_right(before, config, thresholds):
        return replace(before, config=config, version=version)
    elif before.has_sweep:
        thresholds = ()
    compared = _compare(pair, z, predicted, labels, config, thresholds)
    is_doubtful = known_to_be is None and not predicted.any()
    return MeasuredSlice(z, compared, config, version, pixels, is_doubtful=is_doubtful)


def _is_still_right(
    before: MeasuredSlice, config: CompareConfig, thresholds: tuple[float, ...]
) -> bool:
    """Whether all that is asked of the same pixels is known."""
    is_enough = before.has_sweep or not thresholds
    return before.config == config and is_enough and before.version != DOUBTED


def _compare(
    pair: LayerPair,
    z: int,
    predicted: npt.NDArray[Any],
    labels: npt.NDArray[Any],
    config: CompareConfig,
    thresholds: tuple[float, ...],
) -> ComparedSlice | None:
    # here, as these take a while to load: in a thread, while the window lives
    from napari_emseg.core.scores.class_scores import ClassTable
    from napari_emseg.core.scores.comparison import compare_slice
    from napari_emseg.core.scores.truth import TrueSlice

    truth = TrueSlice.read(labels, pair.truth_reading)
    if not truth.is_labelled:
        return None
    probability = to_probability(predicted, pair.kind)
    compared = compare_slice(z, probability, truth, config, thresholds)
    if (classes := pair.classes) is None:
        return compared
    table = ClassTable.of(predicted, labels, classes.readings, len(classes.names))
    return replace(compared, classes=table)
