"""Keeps what a person paints, on disk as well, for as long as it is not saved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import psygnal
from napari.layers import Labels
from qtpy.QtCore import QCoreApplication, QObject, Qt, Signal

from napari_emseg.core.correct.edits import SliceEdits
from napari_emseg.errors import WriteError
from napari_emseg.io.napari_writer import labels_written
from napari_emseg.io.recovery import PaintedSlice, Recovery, left_behind
from napari_emseg.types import OURS
from napari_emseg.ui.background.latest import throw
from napari_emseg.ui.background.timers import later
from napari_emseg.ui.painting.edit_tracker import LayerEdits
from napari_emseg.ui.painting.recovery_data import describe
from napari_emseg.ui.widgets.notify import show_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer

_CALM_MS = 1000
"""How long after a stroke it is written; strokes meanwhile do not put it off."""


@dataclass(eq=False)
class _Kept:
    """A layer, what is known of it, and where it is kept."""

    edits: LayerEdits
    recovery: Recovery = field(default_factory=Recovery.new)
    written: bool = False
    dirty: set[int] = field(default_factory=set)


class Autosave(QObject):
    """Follows all labels layers of a viewer and writes painted slices to recoveries.

    Slices are copied on the window's thread; comparing, compressing and writing have a thread of
    their own.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted with a layer when another slice of it counts as edited or reviewed, or none does.
    offers_changed : psygnal.Signal
        Emitted when there is something else to restore.
    removed : list of Recovery
        What was painted on layers that a person has removed since.
    """

    changed = psygnal.Signal(object)
    offers_changed = psygnal.Signal()
    _ready = Signal(object)

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._kept: dict[Layer, _Kept] = {}
        self.removed: list[Recovery] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="emseg-autosave")
        self._soon = later(self, self.write)
        self._soon.setInterval(_CALM_MS)
        self._ready.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self._is_failing = self._is_closed = False
        for layer in viewer.layers:
            self._watch(layer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        labels_written.append(self._on_saved)

    def of(self, layer: Labels) -> LayerEdits:
        """What is known of a layer of the viewer that has two or three axes."""
        return self._kept[layer].edits

    def left_behind(self) -> list[Recovery]:
        """What can be restored: of removed layers, and of processes that have ended."""
        return [*self.removed, *left_behind()]

    def adopt(self, layer: Labels, recovery: Recovery) -> None:
        """A layer was made of a recovery, which goes on with it."""
        kept = self._kept[layer]
        kept.recovery, kept.written = recovery, True
        kept.dirty |= set(kept.edits.edits.slices)
        self._soon.start()
        self.offers_changed.emit()

    def forget(self, recovery: Recovery) -> None:
        """Nobody wants it back."""
        if recovery in self.removed:
            self.removed.remove(recovery)
        self._thread.submit(recovery.discard).result()
        self.offers_changed.emit()

    def write(self) -> None:
        """Write what has changed since the last time; by itself within a second or so."""
        for kept in self._kept.values():
            if kept.dirty:
                self._submit(kept)

    def wait(self) -> None:
        """Until all of it is on disk."""
        self.write()
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """The window was closed: what is not saved is written, and offered by the next one."""
        if self._is_closed:
            return
        self.write()
        self._is_closed = True
        labels_written.remove(self._on_saved)
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        for kept in self._kept.values():
            kept.edits.stop()
        self._thread.shutdown(wait=True)
        self._kept.clear()

    # -- layers ----------------------------------------------------------------------------

    def _watch(self, layer: Layer) -> None:
        if not isinstance(layer, Labels) or layer.multiscale or layer.ndim not in (2, 3):
            return
        kept = self._kept[layer] = _Kept(LayerEdits(layer))
        kept.edits.changed.connect(partial(self._on_changed, kept), check_nargs=False)
        if kept.edits.edits.edited:  # painted on before anybody watched
            self._on_changed(kept, set(kept.edits.edits.edited))

    def _on_inserted(self, event: Any) -> None:
        self._watch(event.value)

    def _on_removed(self, event: Any) -> None:
        kept = self._kept.pop(event.value, None)
        if kept is None:
            return
        kept.edits.stop()
        if kept.edits.edits.slices and (kept.written or kept.dirty):
            self._submit(kept)
            # once that is written
            self._thread.submit(self._ready.emit, partial(self._offer, kept.recovery))
        else:
            self._thread.submit(kept.recovery.discard)

    def _offer(self, recovery: Recovery) -> None:
        if not recovery.is_empty:
            self.removed.append(recovery)
            self.offers_changed.emit()

    def _on_changed(self, kept: _Kept, slices: set[int]) -> None:
        if not kept.written:
            slices = slices | set(kept.edits.edits.slices)
        kept.dirty |= slices
        if not self._soon.isActive():
            self._soon.start()
        self.changed.emit(kept.edits.layer)

    def _on_saved(self, meta: Mapping[str, Any]) -> None:
        """What is saved need not be recovered."""
        saved = (meta.get("metadata") or {}).get(OURS, {}).get("edits")
        for kept in self._kept.values():
            if kept.edits.edits is saved:
                kept.dirty.clear()
                kept.written = False
                self._thread.submit(kept.recovery.discard)

    # -- writing ---------------------------------------------------------------------------

    def _submit(self, kept: _Kept) -> None:
        edits = kept.edits
        slices = {
            z: (edits.edits.of(z), np.array(edits.now(z)))
            for z in sorted(kept.dirty)
            if z < edits.total
        }
        kept.dirty.clear()
        kept.written = bool(edits.edits.slices)
        about = describe(edits.layer, edits.edits) if kept.written else None
        self._thread.submit(self._write, kept, about, slices)

    def _write(
        self,
        kept: _Kept,
        about: dict[str, Any] | None,
        slices: dict[int, tuple[SliceEdits, np.ndarray[Any, Any]]],
    ) -> None:
        """In the thread: compare and write."""
        try:
            packed = {z: known.packed() for z, (known, _) in slices.items()}
            touched = _write_slices(kept.recovery, about, slices)
        except WriteError as error:
            self._ready.emit(partial(self._warn, str(error)))
        except Exception as error:  # noqa: BLE001  a bug must reach the window, not vanish
            self._ready.emit(partial(throw, error))
        else:
            self._ready.emit(partial(self._settle, kept, slices, packed, touched))

    def _call(self, call: Callable[[], None]) -> None:
        if not self._is_closed:
            call()

    def _settle(
        self,
        kept: _Kept,
        slices: dict[int, Any],
        packed: dict[int, SliceEdits],
        touched: dict[int, bool],
    ) -> None:
        """Slices on which nothing is touched any more do not count as edited."""
        edits, self._is_failing = kept.edits.edits, False
        for z, is_touched in touched.items():
            if edits.of(z) is slices[z][0]:
                edits.put(z, packed[z], edited=is_touched or z in kept.dirty)
        if not edits.slices:
            kept.written = False
            self._thread.submit(kept.recovery.discard)
        self.changed.emit(kept.edits.layer)

    def _warn(self, message: str) -> None:
        """Say once that nothing can be written, and try again with the next stroke."""
        if not self._is_failing:
            show_warning(f"Painted labels cannot be kept safe: {message}. Save them yourself.")
        self._is_failing = True


def autosave_of(viewer: Any) -> Autosave:
    """The one of a viewer with a window, which begins when it is first asked for."""
    # a plugin is given a proxy of the viewer, which hides the window
    viewer = getattr(viewer, "__wrapped__", viewer)
    window = viewer.window._qt_window
    found = window.findChild(Autosave)
    if found is None:
        found = Autosave(viewer, window)
        _call_at_end(window, found.close)
    assert isinstance(found, Autosave)
    return found


def _call_at_end(window: QObject, close: Callable[[], None]) -> None:
    """Call when the window is closed, or the application by which it is."""
    window.destroyed.connect(lambda: close())
    application = QCoreApplication.instance()
    if application is not None:
        application.aboutToQuit.connect(close)


def _write_slices(
    recovery: Recovery,
    about: dict[str, Any] | None,
    slices: dict[int, tuple[SliceEdits, np.ndarray[Any, Any]]],
) -> dict[int, bool]:
    """Write slices that are touched, or reviewed, and forget others; which of them are touched."""
    found = {}
    if about is not None:
        recovery.write_header(about)
    for z, (known, labels) in slices.items():
        touched = known.touched(labels)
        found[z] = bool(touched.any())
        if found[z] or known.reviewed:
            recovery.write_slice(z, PaintedSlice(labels, touched))
        else:
            recovery.forget_slice(z)
    return found
