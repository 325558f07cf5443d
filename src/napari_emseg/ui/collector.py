"""Keeping Python's garbage collector from stalling the window."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel


def spare_the_window(viewer: ViewerModel) -> None:
    """Leave all that is loaded so far out of garbage collections, until a layer is removed.

    napari and Qt hold several hundred thousand objects. A full collection walks over all of them,
    stops the window for 0.2 to 0.5 s (``benchmarks/bench_window.py`` shows it), and is set off by
    the very objects that adding a layer makes. Frozen ones cost nothing. A removed layer hangs in
    reference cycles and could not be freed while frozen, so the first removal ends the exemption.
    """

    def thaw() -> None:
        viewer.layers.events.removed.disconnect(thaw)
        gc.unfreeze()

    gc.freeze()
    viewer.layers.events.removed.connect(thaw)
