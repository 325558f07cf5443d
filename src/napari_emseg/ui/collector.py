"""Keeping Python's garbage collector from stalling the window."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
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
    # last, and so after napari's own collection
    viewer.layers.events.removed.connect(thaw, position="last")


@contextmanager
def quick_removals() -> Iterator[None]:
    """Remove layers without a full collection for each, which napari makes and takes 0.5 s for.

    What is removed is freed by the next collection.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
