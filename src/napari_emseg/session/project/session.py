"""Saving all of a person's work as a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.io.project.project_file import Project, write_project
from napari_emseg.session.executor import Executor
from napari_emseg.session.painting.edit_tracker import EditTracker


class ProjectPhase(StrEnum):
    """What a person who saves waits for."""

    IDLE = "idle"
    SAVING = "saving"
    CLOSED = "closed"


@dataclass(eq=False)
class ProjectSession:
    """Writes projects beside the window.

    Parameters
    ----------
    executor : Executor
        Writes in a lane.
    stored : callable
        Called with the tracker of each layer that a project holds as it still is.

    Attributes
    ----------
    phase : ProjectPhase
        What goes on.
    path : Path or None
        Where the project was saved last, or opened from.
    saved : psygnal.Signal
        Emitted with the file that was written.
    failed : psygnal.Signal
        Emitted with what is wrong.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    saved: ClassVar[Signal] = Signal(Path)
    failed: ClassVar[Signal] = Signal(str)

    executor: Executor
    stored: Callable[[EditTracker], object]
    phase: ProjectPhase = ProjectPhase.IDLE
    path: Path | None = field(default=None)

    def __post_init__(self) -> None:
        self._lane = self.executor.lane("project")

    def save(self, path: Path, project: Project, trackers: Iterable[EditTracker]) -> None:
        """Write a project.

        Parameters
        ----------
        path : Path
            Where to.
        project : Project
            With copies of what a person may go on painting on.
        trackers : iterable of EditTracker
            Of the layers whose edits it holds, as they are at this moment.
        """
        self.phase = ProjectPhase.SAVING
        versions = {tracker: tracker.versions() for tracker in trackers}
        self._lane.run(
            partial(write_project, path, project), partial(self._end, versions), self._fail
        )

    def wait(self) -> None:
        """Until it is written."""
        self._lane.wait()

    def close(self) -> None:
        """The window is closed; what is being written is written."""
        self.phase = ProjectPhase.CLOSED
        self._lane.wait()
        self._lane.stop()

    def _end(self, versions: dict[EditTracker, dict[int, int]], path: Path) -> None:
        self.phase, self.path = ProjectPhase.IDLE, path
        for tracker, then in versions.items():
            if tracker.versions() == then:  # else it was painted on since, and is not stored
                self.stored(tracker)
        self.saved.emit(path)

    def _fail(self, message: str) -> None:
        self.phase = ProjectPhase.IDLE
        self.failed.emit(message)
