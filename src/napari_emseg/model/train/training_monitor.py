"""What a training shows of itself now and then: a preview and the curves of its history."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.model.train.curves import draw_curves
from napari_emseg.model.train.history import Row
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Float32Array, Log, OnEvent, Preview, QuickPreview

_PREVIEW_S = 5.0
_CURVES_S = 60.0
"""Seconds between two of them, at least; drawing the curves takes half of one."""


class TrainingMonitor:
    """Writes preview and curves into a run folder, not too often.

    Neither is worth losing a training over: where one cannot be written, a log says so.
    """

    def __init__(self, folder: RunFolder, tell: OnEvent) -> None:
        self._folder, self._tell = folder, tell
        self._previewed = self._drawn = -math.inf

    def show_before(self, slices: Iterable[tuple[int, Float32Array]]) -> None:
        """Show probabilities (Y, X) of slices by index before the first step, as they come."""
        for z, probability in slices:
            if self._try(partial(self._folder.write_quick_preview, z, probability)):
                self._tell(QuickPreview(self._folder.quick_preview(z), z))

    def show(self, history: Sequence[Row], probability: Float32Array, z: int) -> None:
        """Show the probability (Y, X) of validation slice ``z`` after the last epoch."""
        now = time.monotonic()
        if now - self._previewed >= _PREVIEW_S and self._try(
            lambda: self._folder.write_preview(probability)
        ):
            self._tell(Preview(self._folder.preview, int(history[-1]["epoch"]), z))
            self._previewed = now
        if now - self._drawn >= _CURVES_S:
            self.draw(history)

    def draw(self, history: Sequence[Row]) -> None:
        """Draw the curves."""
        curves = self._folder.curves
        self._try(lambda: write_atomically(curves, lambda to: draw_curves(history, to)))
        self._drawn = time.monotonic()

    def _try(self, write: Callable[[], None]) -> bool:
        try:
            write()
        except WriteError as error:
            self._tell(Log(str(error)))
            return False
        return True
