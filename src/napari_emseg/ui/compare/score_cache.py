"""What is known so far of a comparison, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from psygnal import Signal

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.scores import ISBI_THRESHOLDS, SliceScores, StackScores
from napari_emseg.core.scores.slice_comparison import ComparedSlice

_NO_MAP = np.zeros((0, 0), np.uint8)


@dataclass(frozen=True)
class _Known:
    compared: ComparedSlice
    config: CompareConfig


class ScoreCache:
    """Scores and errors of slices, at a threshold; of the sweep at all thresholds.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted when something is known, or not known any more.
    unlabelled : set of int
        Slices whose truth nobody has labelled.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self.unlabelled: set[int] = set()

    def clear(self) -> None:
        """Nothing is known any more."""
        self._known.clear()
        self.unlabelled.clear()
        self.changed.emit()

    def take(self, z: int, compared: ComparedSlice | None, config: CompareConfig) -> None:
        """Keep what a comparison gave; None where the slice is not labelled.

        A sweep that is known already stays, unless the same settings give other scores now: then
        somebody has painted there.
        """
        if compared is None:
            self.unlabelled.add(z)
            self._known.pop(z, None)
        else:
            self.unlabelled.discard(z)
            before = self._known.get(z)
            sweep = compared.sweep
            if not sweep and before and not _contradicts(compared, config, before):
                sweep = before.compared.sweep
            kept = replace(compared, error_map=_NO_MAP, sweep=sweep)
            self._known[z] = _Known(kept, config)
        self.changed.emit()

    def at(self, config: CompareConfig) -> dict[int, ComparedSlice]:
        """Slices that are known at these settings, in order."""
        known = sorted(self._known.items())
        return {z: each.compared for z, each in known if each.config == config}

    def has_sweep(self, z: int) -> bool:
        """Whether a slice is scored at all thresholds of the sweep."""
        return z in self._known and bool(self._known[z].compared.sweep)

    def lacking(self, slices: Iterable[int], config: CompareConfig) -> list[int]:
        """Of these slices the ones that are not fully known at these settings."""
        known = self.at(config)
        return [
            z for z in slices if z not in self.unlabelled and not (z in known and self.has_sweep(z))
        ]

    def sweep(self) -> StackScores | None:
        """The sweep over the slices that have one; None before the first."""
        table = {z: each.compared.sweep for z, each in sorted(self._known.items())}
        table = {z: sweep for z, sweep in table.items() if sweep}
        return StackScores.reduce(table, ISBI_THRESHOLDS) if table else None

    def mean(self, config: CompareConfig) -> SliceScores | None:
        """Mean over the slices that are known at these settings; None before the first."""
        scores = [each.scores for each in self.at(config).values()]
        return SliceScores.average(scores) if scores else None


def _contradicts(compared: ComparedSlice, config: CompareConfig, before: _Known) -> bool:
    """Whether the same settings gave something else before."""
    was = before.compared
    same = compared.scores == was.scores and compared.errors == was.errors
    return config == before.config and not same
