"""What is known so far of a comparison, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.scores import ISBI_THRESHOLDS, ClassScores, SliceScores, StackScores
from napari_emseg.core.scores.segmentation_error import SegmentationError
from napari_emseg.core.scores.slice_comparison import ComparedSlice
from napari_emseg.session.compare.layer_pair import LayerPair
from napari_emseg.session.compare.measure import DOUBTED, MeasuredSlice

_NO_MAP = np.zeros((0, 0), np.uint8)


class ScoreCache:
    """Scores and errors of slices, at a threshold; of the sweep at all thresholds.

    Parameters
    ----------
    pair : LayerPair
        What is compared.

    Attributes
    ----------
    known : dict of int to MeasuredSlice
        The newest of each slice, without its error map.
    """

    def __init__(self, pair: LayerPair) -> None:
        self.pair = pair
        self.known: dict[int, MeasuredSlice] = {}

    def take(self, measured: MeasuredSlice) -> bool:
        """Keep what a comparison gave, unless newer pixels were compared meanwhile.

        A sweep that is known already stays with the pixels that it was made of.
        """
        before = self.known.get(measured.z)
        if before is not None and before.version > measured.version:
            return False
        compared = measured.compared
        if compared is not None:
            sweep = compared.sweep
            same = before is not None and before.pixels == measured.pixels
            if not sweep and same and before is not None and before.compared is not None:
                sweep = before.compared.sweep
            compared = replace(compared, error_map=_NO_MAP, sweep=sweep)
        self.known[measured.z] = replace(measured, compared=compared)
        return True

    def doubt(self) -> None:
        """Hold all for stale; it is known until it is measured again."""
        self.known = {z: replace(each, version=DOUBTED) for z, each in self.known.items()}

    def at(self, config: CompareConfig) -> dict[int, ComparedSlice]:
        """Slices that are known at these settings, in order."""
        return {
            z: each.compared
            for z, each in sorted(self.known.items())
            if each.compared is not None and each.config == config
        }

    def scores(self, config: CompareConfig) -> dict[int, SliceScores]:
        """Scores of the slices that are known at these settings, in order."""
        return {z: each.scores for z, each in self.at(config).items()}

    def errors(self, config: CompareConfig) -> list[tuple[int, SegmentationError]]:
        """Errors that are known at these settings with their slices, the worst first."""
        found = [(z, error) for z, each in self.at(config).items() for error in each.errors]
        return sorted(found, key=lambda each: -each[1].cost_px)

    def classes(self, config: CompareConfig) -> tuple[ClassScores, ...]:
        """Scores of each class over the slices that are known at these settings."""
        return class_scores(self.pair, self.at(config).values())

    @property
    def unlabelled(self) -> set[int]:
        """Slices whose truth nobody has labelled."""
        return {z for z, each in self.known.items() if each.is_predicted and each.compared is None}

    @property
    def not_predicted(self) -> set[int]:
        """Slices that nobody has predicted."""
        return {z for z, each in self.known.items() if not each.is_predicted}

    @property
    def doubtful(self) -> list[int]:
        """Scored slices of zeros, of which nobody knows whether they were predicted."""
        known = sorted(self.known.items())
        return [z for z, each in known if each.is_doubtful and each.compared is not None]

    def has_sweep(self, z: int) -> bool:
        """Whether a slice is scored at all thresholds of the sweep."""
        return bool(self._sweep_of(z))

    def lacking(self, slices: Iterable[int], config: CompareConfig) -> list[int]:
        """Of these slices the ones that are not fully known at these settings, as they are now."""
        return [z for z in slices if not self._is_fresh(z, config)]

    def sweep(self) -> StackScores | None:
        """The sweep over the slices that have one; None before the first."""
        table = {z: sweep for z in sorted(self.known) if (sweep := self._sweep_of(z))}
        return StackScores.reduce(table, ISBI_THRESHOLDS) if table else None

    def _is_fresh(self, z: int, config: CompareConfig) -> bool:
        each = self.known.get(z)
        if each is None or each.version != self.pair.version(z):
            return False
        return each.compared is None or (each.config == config and each.has_sweep)

    def _sweep_of(self, z: int) -> tuple[SliceScores, ...]:
        each = self.known.get(z)
        return () if each is None or each.compared is None else each.compared.sweep


def class_scores(pair: LayerPair, compared: Iterable[ComparedSlice]) -> tuple[ClassScores, ...]:
    """Of each class over some slices; empty where membrane and cell are all."""
    tables = [each.classes for each in compared if each.classes is not None]
    if not tables or pair.classes is None:
        return ()
    return reduce(add, tables).scores(pair.classes.names)
