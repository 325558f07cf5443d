"""Painted labels that were not saved, and what can be done about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from psygnal import Signal

from napari_emseg.errors import EmsegError
from napari_emseg.session.painting.restoring import offer_text
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.painting.recovery_data import layer_data
from napari_emseg.ui.widgets.notify import show_error
from napari_emseg.ui.widgets.restore_row import Offer

if TYPE_CHECKING:
    from napari_emseg.io.recovery import Recovery


class RecoveryOffer(Offer):
    """Offers painted labels one after the other; hidden where there are none.

    Every dock has one, so that a person sees it whichever is opened first.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Where restored layers go.

    Attributes
    ----------
    restored : psygnal.Signal
        Emitted with the layer that was restored.
    recovery : Recovery or None
        What is offered.
    """

    restored = Signal(Labels)

    def __init__(self, viewer: Any) -> None:
        super().__init__("Restore", "Open it as a labels layer; it is kept until you save it.")
        self._viewer = viewer
        self._autosave = autosave_of(viewer).session
        self.recovery: Recovery | None = None
        self.accepted.connect(self._restore)
        self.discarded.connect(self._discard)
        self._autosave.offers_changed.connect(self.look)

    def look(self) -> None:
        """Offer what can be restored now."""
        found = self._autosave.left_behind()
        self.recovery = found[0] if found else None
        text = ""
        if self.recovery is not None:
            was_removed = self.recovery in self._autosave.removed
            text = offer_text(self.recovery, was_removed=was_removed, more=len(found) - 1)
        self.offer(text)

    def _restore(self) -> None:
        if self.recovery is None:
            return
        self._autosave.wait()
        try:
            data, meta = layer_data(self.recovery)
            mine = self._autosave.claim(self.recovery)
        except EmsegError as error:
            show_error(str(error))
            self.look()
            return
        layer = self._viewer.add_labels(data, **meta)
        self._autosave.adopt(tracker_of(layer), mine)
        self.restored.emit(layer)

    def _discard(self) -> None:
        if self.recovery is not None:
            self._autosave.forget(self.recovery)

    def stop(self) -> None:
        """Offer nothing any more: the dock is closed."""
        self._autosave.offers_changed.disconnect(self.look, missing_ok=True)
