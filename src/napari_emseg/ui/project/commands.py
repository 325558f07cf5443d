"""Saving and opening projects, as the menu, the docks and napari's file dialogs ask for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_emseg.errors import WriteError
from napari_emseg.io.project.project_file import ENDING, Project, ProjectLayer
from napari_emseg.session.project.session import ProjectPhase, ProjectSession
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.painting.edit_tracker import can_be_tracked
from napari_emseg.ui.project.layers import kept_layers, layer_of
from napari_emseg.ui.project.window import restoring_window, window_state
from napari_emseg.ui.viewer.window import main_window, unwrapped
from napari_emseg.ui.widgets.activity import Activity
from napari_emseg.ui.widgets.buttons import ask_for_path
from napari_emseg.ui.widgets.notify import show_error, show_info, show_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_emseg.session.painting.edit_tracker import EditTracker

_KIND = f"EM project (*{ENDING})"


class ViewerProject(QObject):
    """The project of a window.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose layers and docks it holds.
    parent : QWidget
        The window; with it, this ends.

    Attributes
    ----------
    session : ProjectSession
        Writes and reads it.
    """

    def __init__(self, viewer: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.session = ProjectSession(QtExecutor(self), self._on_stored)
        self.session.saved.connect(lambda path: show_info(f"Saved {path}"))
        self.session.failed.connect(show_error)
        self.session.opened.connect(_show_notes)
        self.session.events.phase.connect(self._show_phase)
        self._activity = Activity(self, "Opening a project")
        WhenClosed(parent, self.session.close)

    def save(self, path: Path) -> None:
        """Write all layers and the window; what cannot be kept is said."""
        if self.session.phase is ProjectPhase.OPENING:
            show_warning("A project is being opened: save when all of it is there.")
            return
        layers = list(self._viewer.layers)
        kept, said = kept_layers(layers)
        if said:
            show_warning(" ".join(said))
        autosave = autosave_of(self._viewer)
        trackers = [autosave.of(layer) for layer in layers if can_be_tracked(layer)]
        self.session.save(path, Project(kept, window_state(self._viewer)), trackers)

    def open(self, path: Path) -> None:
        """Add the layers of a project, and bring its docks back; a moved file is asked for."""
        self.session.open(path, partial(self._ask_for_moved, path.parent), self._showing)

    def _showing(self, project: Project) -> Iterator[Callable[[], object]]:
        autosave_of(self._viewer)  # what is painted from now on is kept safe
        for kept in project.layers:
            if kept.stack is not None:
                yield partial(self._add, kept)
        yield from restoring_window(self._viewer, project.window)

    def _add(self, kept: ProjectLayer) -> None:
        self._viewer.add_layer(layer_of(kept))

    def _show_phase(self, phase: ProjectPhase) -> None:
        if phase is ProjectPhase.OPENING:
            self._activity.show(None)
        else:
            self._activity.end()

    def _ask_for_moved(self, folder: Path, lost: Iterable[str]) -> dict[str, Path]:
        window, found = main_window(self._viewer), {}
        for was in lost:
            title = f"{Path(was).name} is not where it was: where is it now?"
            chosen, _ = QFileDialog.getOpenFileName(window, title, str(folder))
            if chosen:
                found[was] = Path(chosen)
        return found

    def _on_stored(self, tracker: EditTracker) -> None:
        autosave_of(self._viewer).session.saved(tracker.edits)


def _show_notes(project: Project) -> None:
    if project.notes:
        show_warning(" ".join(project.notes))


def project_of(viewer: Any) -> ViewerProject:
    """The project of a viewer with a window; made when it is first asked for."""
    window = main_window(viewer)
    found = window.findChild(ViewerProject)
    if found is None:
        found = ViewerProject(unwrapped(viewer), window)
    assert isinstance(found, ViewerProject)
    return found


def save_project(viewer: Any = None) -> None:
    """Ask where to, and save."""
    viewer = viewer or napari.current_viewer()
    project = project_of(viewer)
    name = str(project.session.path or f"project{ENDING}")
    path = ask_for_path(main_window(viewer), "Save the project", name, _KIND)
    if path is not None:
        project.save(path)


def open_project(viewer: Any = None) -> None:
    """Ask which, and open it."""
    viewer = viewer or napari.current_viewer()
    chosen, _ = QFileDialog.getOpenFileName(main_window(viewer), "Open a project", "", _KIND)
    if chosen:
        project_of(viewer).open(Path(chosen))


def write_emseg(path: str, *_: object) -> list[str]:
    """The npe2 writer of ``.emseg``: whatever is selected, a project holds all layers.

    Raises
    ------
    WriteError
        If there is no window, or nothing could be written.
    """
    viewer = napari.current_viewer()
    if viewer is None:
        raise WriteError(f"{path}: a project is saved from a window, received none; save layers")
    out = Path(path) if path.lower().endswith(ENDING) else Path(path + ENDING)
    project = project_of(viewer)
    project.save(out)
    project.session.wait()
    return [str(out)] if out.exists() else []
