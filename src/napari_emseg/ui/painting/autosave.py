"""The autosave of each window: it keeps what is painted on the layers of its viewer."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Any, cast

from qtpy.QtCore import QCoreApplication, QEvent, QObject

from napari_emseg.core.correct.edits import Edits
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.io.napari_writer import labels_written
from napari_emseg.session.painting.autosave import Autosave
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.docking.close_guard import ask, closes_by_person
from napari_emseg.ui.painting.edit_tracker import can_be_tracked, tracker_of
from napari_emseg.ui.viewer.window import main_window, unwrapped
from napari_emseg.ui.widgets.notify import show_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_emseg.session.painting.edit_tracker import EditTracker


class ViewerAutosave(QObject):
    """Tells an `Autosave` which layers come and go, and what is saved.

    Parameters
    ----------
    viewer : ViewerModel
        Whose labels layers are kept.
    parent : QObject
        With it, this ends.

    Attributes
    ----------
    session : Autosave
        Does the keeping.
    """

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.session = Autosave(QtExecutor(self), show_warning)
        self._is_closed = False
        for layer in viewer.layers:
            self._add(layer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        labels_written.append(self._on_saved)
        if parent is not None:
            parent.installEventFilter(self)

    def eventFilter(  # noqa: N802  Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """Ask before the window is closed while painting is not saved."""
        if event is None or self._is_closed or not closes_by_person(watched, event):
            return False
        unsaved = self.session.unsaved
        if not unsaved or self._may_close(unsaved):
            return False
        event.ignore()
        return True

    def _may_close(self, unsaved: list[str]) -> bool:
        return ask(
            main_window(self._viewer), f"Close napari? Not saved: {', '.join(unsaved)}.",
            "What you painted is kept, and offered when a dock is opened the next time.",
            "Close napari", "Go on painting",
        )  # fmt: skip

    def of(self, layer: Labels) -> EditTracker:
        """What is known of a layer of the viewer that has two or three axes."""
        return tracker_of(layer)

    def wait(self) -> None:
        """Until all that was painted is on disk."""
        self.session.wait()

    def close(self) -> None:
        """The window was closed: what is not saved is written, and offered by the next one."""
        if self._is_closed:
            return
        self._is_closed = True
        atexit.unregister(self.close)
        labels_written.remove(self._on_saved)
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self.session.close()

    def _add(self, layer: Layer) -> None:
        if can_be_tracked(layer):
            self.session.add(tracker_of(cast("Labels", layer)))

    def _on_inserted(self, event: Any) -> None:
        self._add(event.value)

    def _on_removed(self, event: Any) -> None:
        if can_be_tracked(event.value):
            self.session.remove(tracker_of(event.value))

    def _on_saved(self, meta: Mapping[str, Any]) -> None:
        ours = metadata_of(meta)
        if ours is not None and isinstance(ours.edits, Edits):
            self.session.saved(ours.edits)


def autosave_of(viewer: Any) -> ViewerAutosave:
    """The one of a viewer with a window, which begins when it is first asked for."""
    window = main_window(viewer)
    found = window.findChild(ViewerAutosave)
    if found is None:
        found = ViewerAutosave(unwrapped(viewer), window)
        _call_at_end(window, found.close)
    assert isinstance(found, ViewerAutosave)
    return found


def _call_at_end(window: QObject, close: Callable[[], None]) -> None:
    """Call when the window is closed, the application by which it is, or Python without either."""
    atexit.register(close)
    window.destroyed.connect(lambda: close())
    application = QCoreApplication.instance()
    if application is not None:
        application.aboutToQuit.connect(close)
