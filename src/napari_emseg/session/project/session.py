"""Saving all of a person's work as a project, and opening one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.io.project.project_file import Project, read_project, write_project
from napari_emseg.session.executor import Call, Executor
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.session.turns import Turns


class ProjectPhase(StrEnum):
    """What a person waits for."""

    IDLE = "idle"
    SAVING = "saving"
    OPENING = "opening"
    CLOSED = "closed"


@dataclass(eq=False)
class ProjectSession:
    """Writes and reads projects beside the window, which shows what is read in turns.

    Parameters
    ----------
    executor : Executor
        Writes and reads in a lane.
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
    opened : psygnal.Signal
        Emitted with a project when all of it is shown.
    failed : psygnal.Signal
        Emitted with what is wrong.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    saved: ClassVar[Signal] = Signal(Path)
    opened: ClassVar[Signal] = Signal(Project)
    failed: ClassVar[Signal] = Signal(str)

    executor: Executor
    stored: Callable[[EditTracker], object]
    phase: ProjectPhase = ProjectPhase.IDLE
    path: Path | None = field(default=None)

    def __post_init__(self) -> None:
        self._lane = self.executor.lane("project")
        self._turns = Turns(self.executor)

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

    def open(
        self, path: Path, found: Mapping[str, Path], show: Callable[[Project], Iterable[Call]]
    ) -> None:
        """Read a project, and show it.

        Parameters
        ----------
        path : Path
            The file.
        found : mapping of str to Path
            Where files are that were moved, by where they were.
        show : callable
            Gives what is to be done to show it, one work a turn.
        """
        self.phase = ProjectPhase.OPENING
        self._lane.run(
            partial(read_project, path, found), partial(self._show, path, show), self._fail
        )

    def wait(self) -> None:
        """Until it is written."""
        self._lane.wait()

    def close(self) -> None:
        """The window is closed; what is being written is written."""
        self.phase = ProjectPhase.CLOSED
        self._turns.cancel()
        self._lane.wait()
        self._lane.stop()

    def _end(self, versions: dict[EditTracker, dict[int, int]], path: Path) -> None:
        self.phase, self.path = ProjectPhase.IDLE, path
        for tracker, then in versions.items():
            if tracker.versions() == then:  # else it was painted on since, and is not stored
                self.stored(tracker)
        self.saved.emit(path)

    def _show(
        self, path: Path, show: Callable[[Project], Iterable[Call]], project: Project
    ) -> None:
        self._turns.want(*show(project), partial(self._end_opening, path, project))

    def _end_opening(self, path: Path, project: Project) -> None:
        self.phase, self.path = ProjectPhase.IDLE, path
        self.opened.emit(project)

    def _fail(self, message: str) -> None:
        self.phase = ProjectPhase.IDLE
        self.failed.emit(message)
