"""Comparing as a person looks, paints and moves the threshold: the slice first, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Signal

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.scores import ISBI_THRESHOLDS
from napari_emseg.core.scores.slice_comparison import ComparedSlice
from napari_emseg.ui.background.background_iteration import StackRun
from napari_emseg.ui.background.latest import Latest
from napari_emseg.ui.background.timers import later
from napari_emseg.ui.compare.layer_pair import LayerPair
from napari_emseg.ui.compare.score_cache import ScoreCache

_CALM_MS = 400
"""How long all must stay as it is before the sweep, and the other slices, are made anew."""

OnMap = Callable[[LayerPair, int, npt.NDArray[np.uint8]], None]


class Comparing(QObject):
    """One prediction, compared in threads.

    Parameters
    ----------
    on_map : callable
        Called with the pair, the slice and its error map (Y, X).
    parent : QObject
        What it ends with.

    Attributes
    ----------
    results : Results
        What is known.
    moved : Signal
        Emitted with slices done and all slices while the stack is worked through.
    ended : Signal
        Emitted when that ends, with an empty text or with what was wrong.
    failed : Signal
        Emitted with what is wrong with the slice that a person looks at.
    """

    moved = Signal(int, int)
    ended = Signal(str)
    failed = Signal(str)

    def __init__(self, on_map: OnMap, parent: QObject) -> None:
        super().__init__(parent)
        self.results = ScoreCache()
        self.pair: LayerPair | None = None
        self._config = CompareConfig()
        self._on_map = on_map
        self._here: int | None = None
        self._whole = False
        self._done = self._total = 0
        self._latest = Latest(self)
        self._run = StackRun(self._take, self._end, self)
        self._calm = later(self, self._catch_up)

    @property
    def is_running(self) -> bool:
        """Whether slices other than the one that is seen are worked on."""
        return self._run.is_running

    def begin(self, pair: LayerPair | None) -> None:
        """Compare other layers from now on; nothing is known of them."""
        self._halt()
        self.pair, self._whole, self._here = pair, False, None
        self.results.clear()

    def look_at(self, z: int, config: CompareConfig) -> None:
        """Compare a slice now, and what else is wanted when all is calm."""
        pair = self.pair
        if pair is None:
            return
        if config != self._config:
            self._run.stop()  # begun for other settings
        self._here, self._config = z, config

        def compare() -> ComparedSlice | None:
            from napari_emseg.core.scores.comparison import (
                compare_slices,  # loads while the window lives
            )

            return next(compare_slices(pair.read, [z], pair.kind, config, workers=1))

        def take(compared: ComparedSlice | None) -> None:
            self._keep(z, compared, config)
            self._calm.start(_CALM_MS)

        self._latest.want(compare, take, self.failed.emit)

    def score_all(self, config: CompareConfig) -> None:
        """Compare all slices anew."""
        if self.pair is not None:
            self._halt()
            self._config, self._whole = config, True
            self.results.clear()
            self._catch_up()

    def stop(self) -> None:
        """Keep what is known, and work on nothing but the slice that a person looks at."""
        self._halt()
        self._whole = False
        self.ended.emit("")

    def close(self) -> None:
        """Make nothing more."""
        self._halt()
        self._latest.stop()

    def _halt(self) -> None:
        self._calm.stop()
        self._latest.cancel()
        self._run.stop()

    def _catch_up(self) -> None:
        """Make what is wanted and not known, unless that goes on already."""
        pair, config = self.pair, self._config
        if pair is None or self._run.is_running:
            return
        wanted = pair.slices if self._whole else [] if self._here is None else [self._here]
        lacking = self.results.lacking(wanted, config)
        if not lacking:
            self.ended.emit("")
            return
        swept = [z for z in lacking if self.results.has_sweep(z)]
        self._done, self._total = len(wanted) - len(lacking), len(wanted)
        self.moved.emit(self._done, self._total)

        def compare() -> Iterator[tuple[int, ComparedSlice | None, CompareConfig]]:
            from napari_emseg.core.scores.comparison import compare_slices

            bare = [z for z in lacking if z not in swept]
            for slices, thresholds in ((swept, ()), (bare, ISBI_THRESHOLDS)):
                compared: Iterator[Any] = compare_slices(
                    pair.read, slices, pair.kind, config, thresholds=thresholds
                )
                for z, each in zip(slices, compared, strict=True):
                    yield z, each, config

        self._run.start(compare)

    def _take(self, item: tuple[int, ComparedSlice | None, CompareConfig]) -> None:
        self._keep(*item)
        self._done += 1
        self.moved.emit(self._done, self._total)

    def _keep(self, z: int, compared: ComparedSlice | None, config: CompareConfig) -> None:
        if compared is not None and self.pair is not None:
            self._on_map(self.pair, z, compared.error_map)
        self.results.take(z, compared, config)

    def _end(self, message: str) -> None:
        if message:
            self._whole = False
            self.ended.emit(message)
        else:
            self._catch_up()  # the person may have gone on meanwhile
