"""Keeping Python's garbage collector from stalling the window."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


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
    # last, and so after napari's own collection
    viewer.layers.events.removed.connect(thaw, position="last")


def remove_layers(viewer: ViewerModel, layers: Iterable[Layer]) -> None:
    """Remove layers without the full collection that napari makes for each, 0.3 s and more.

    What is removed is freed by the next one. On Windows all stays as napari wants it: there it
    keeps some OpenGL drivers from touching what is gone.
    """
    for layer in layers:
        if layer not in viewer.layers:
            continue
        if sys.platform != "win32":
            gc.freeze()  # each time: a removal ends `spare_the_window`
        viewer.layers.remove(layer)
    gc.unfreeze()
