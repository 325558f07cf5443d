"""Masks and cells of slices, made in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Qt, Signal

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.ui.background.latest import throw

if TYPE_CHECKING:
    from napari_emseg.core.segment.postprocess import CellIds, CellLinker

SliceResults = dict[str, np.ndarray[Any, Any]]
"""Of one slice (Y, X), by kind: ``mask`` as uint8, ``cells`` as uint32."""


@dataclass(eq=False)
class _Pass:
    """One set of rules, and the cells made by them so far."""

    kinds: tuple[str, ...]
    config: MaskConfig
    first: int
    ids: CellIds | None

    @cached_property
    def linker(self) -> CellLinker:
        from napari_emseg.core.segment.postprocess import (
            CellLinker,  # scipy and skimage: in the thread
        )

        return CellLinker(self.config, self.first, self.ids)

    def make(self, z: int, probability: np.ndarray[Any, Any]) -> SliceResults:
        from napari_emseg.core.segment.postprocess import to_mask

        results: SliceResults = {}
        if "mask" in self.kinds:
            results["mask"] = to_mask(probability, self.config)
        if "cells" in self.kinds:
            results["cells"] = self.linker.cells(z, probability)
        return results


class Postprocessor(QObject):
    """Makes slices in a thread, and hands them over on the window's thread.

    Parameters
    ----------
    probability : (Z, Y, X) float32 array
        Read slice by slice.
    on_slice : callable
        Called on the window's thread as ``on_slice(z, results)``.

    Attributes
    ----------
    stopped : bool
        Whether `stop` was called.
    """

    _ready = Signal(object)

    def __init__(
        self, probability: np.ndarray[Any, Any], on_slice: Callable[[int, SliceResults], None]
    ) -> None:
        super().__init__()
        self._probability, self._on_slice = probability, on_slice
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="emseg-cells")
        self._pass: _Pass | None = None
        self.stopped = False
        self._ready.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def begin(
        self, kinds: tuple[str, ...], config: MaskConfig, z: int = 0, ids: CellIds | None = None
    ) -> None:
        """Make slices by these rules from now on; what is not made yet by others is dropped.

        Parameters
        ----------
        kinds : tuple of str
            ``mask``, ``cells`` or both.
        config : MaskConfig
            How they are made.
        z, ids : int and (Y, X) uint32 array, optional
            Where to begin linking; see `CellLinker`.
        """
        self._pass = _Pass(kinds, config, z, ids)

    def make(self, slices: Iterable[int]) -> None:
        """Make these slices, in this order."""
        if self.stopped:
            return
        assert self._pass is not None, "begin comes first"
        for z in slices:
            self._thread.submit(self._make, self._pass, z)

    def after(self, call: Callable[[], None]) -> None:
        """Call, on the window's thread, when all slices wanted so far have been handed over.

        Once it is stopped, no slice is waited for.
        """
        if self.stopped:
            self._ready.emit(call)
        else:
            self._thread.submit(self._ready.emit, call)

    def stop(self) -> None:
        """Make no more slices, and hand none over; who waits for them is told all the same."""
        self.stopped, self._pass = True, None
        self._thread.shutdown(wait=False)  # what it still has to make, `_make` leaves out

    def _make(self, wanted: _Pass, z: int) -> None:
        """In the thread: make one slice, unless the rules have changed since."""
        if wanted is not self._pass:
            return
        try:
            results = wanted.make(z, np.asarray(self._probability[z]))
        except Exception as error:  # noqa: BLE001  a bug must reach the window, not vanish
            self._ready.emit(partial(throw, error))
        else:
            self._ready.emit(partial(self._hand_over, z, results))

    def _hand_over(self, z: int, results: SliceResults) -> None:
        if not self.stopped:
            self._on_slice(z, results)

    def _call(self, call: Callable[[], None]) -> None:
        call()
