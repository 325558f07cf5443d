"""Keeping Python's garbage collector from stalling the window."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING
from weakref import WeakSet, ref

from qtpy.QtCore import QCoreApplication, QThread, QTimer
from qtpy.QtWidgets import QWidget

from napari_emseg.ui.background.timers import later
from napari_emseg.ui.docking.dock_closed import WhenClosed

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.events import Event


def put_off_collections() -> None:
    """Collect nothing until the next turn of the event loop.

    What is loaded and built for a first dock would set off a full collection; once the dock is
    there, `spare_the_window` makes that a small one.
    """
    application = QCoreApplication.instance()
    in_window = application is not None and application.thread() == QThread.currentThread()
    if in_window and gc.isenabled():
        gc.disable()
        QTimer.singleShot(0, gc.enable)


def spare_the_window(viewer: ViewerModel, dock: QWidget) -> None:
    """Leave all that is loaded so far out of garbage collections, while a dock is open.

    napari and Qt hold several hundred thousand objects. A full collection walks over all of them,
    stops the window for 0.2 to 0.5 s (``benchmarks/bench_window.py`` shows it), and is set off by
    the very objects that adding a layer makes; napari makes one for each layer that is removed.
    Frozen objects cost nothing, and layers that come later are freed without a walk over them.

    A removed layer hangs in reference cycles and could not be freed while it is frozen itself, so
    one full collection follows its removal, as in napari alone; after it all is exempt again.

    Parameters
    ----------
    viewer : ViewerModel
        Where layers come and go.
    dock : QWidget
        When it is closed, and no other dock is left that needs it, the exemption ends.
    """
    sparing = _Sparing(viewer, dock)
    _freeze()
    WhenClosed(dock, sparing.end)


_open: set[_Sparing] = set()
"""One for each open dock, of all viewers: there is one garbage collector for all."""
_frozen: WeakSet[Layer] = WeakSet()
"""Layers that were there when all was frozen last. `gc.get_objects` would tell as much, but holds
the tuples that other threads are making, which then end in a SystemError."""


def _freeze() -> None:
    for each in _open:
        _frozen.update(each.layers())
    gc.freeze()


class _Sparing:
    def __init__(self, viewer: ViewerModel, dock: QWidget) -> None:
        self._layers, self._removals = viewer.layers, viewer.layers.events.removed
        self._removed: list[ref[Layer]] = []
        self._soon = later(dock, self._free)  # not at once: who removes a layer still holds it
        # last, and so after napari's own collection
        self._removals.connect(self._look, position="last")
        _open.add(self)

    def layers(self) -> list[Layer]:
        """All layers that are there, and those that were removed and are not freed yet."""
        removed = (layer() for layer in self._removed)
        return [*self._layers, *(layer for layer in removed if layer is not None)]

    def end(self) -> None:
        """Make collections what they were, unless another dock is open."""
        self._removals.disconnect(self._look)
        _open.discard(self)
        if not _open:
            _frozen.clear()
            gc.unfreeze()

    def _look(self, event: Event) -> None:
        self._removed.append(ref(event.value))
        self._soon.start(0)

    def _free(self) -> None:
        """Free all of them at once."""
        removed, self._removed = self._removed, []
        if any(layer() in _frozen for layer in removed):
            gc.unfreeze()
            _frozen.clear()
            gc.collect()
            _freeze()
