"""Saving all of a person's work as a project, and opening one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.errors import EmsegError
from napari_emseg.io.project.project_file import (
    Project,
    moved_files,
    read_project,
    write_project,
)
from napari_emseg.session.executor import Call, Executor
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.session.turns import Turns

T = TypeVar("T")


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
        self._under_way: list[ProjectPhase] = []

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
        self._begin(ProjectPhase.SAVING)
        versions = {tracker: tracker.versions() for tracker in trackers}
        self._beside(
            ProjectPhase.SAVING,
            partial(write_project, path, project),
            partial(self._end_saving, versions),
        )

    def open(
        self,
        path: Path,
        find: Callable[[tuple[str, ...]], Mapping[str, Path]],
        show: Callable[[Project], Iterable[Call]],
    ) -> None:
        """Read a project, and show it.

        Parameters
        ----------
        path : Path
            The file.
        find : callable
            Called with the files that are not where they were, if any; gives where they are now, of
            those that a person knows.
        show : callable
            Gives what is to be done to show it, one work a turn. One that fails says so, and the
            others are done all the same.
        """
        opening = ProjectPhase.OPENING
        self._begin(opening)

        def read(lost: tuple[str, ...]) -> None:
            found = self._or_end(opening, partial(find, lost)) if lost else {}
            self._beside(
                opening, partial(read_project, path, found), partial(self._show, path, show)
            )

        self._beside(opening, partial(moved_files, path), read)

    def wait(self) -> None:
        """Until it is written."""
        self._lane.wait()

    def close(self) -> None:
        """The window is closed; what is being written is written."""
        self.phase = ProjectPhase.CLOSED
        self._turns.cancel()
        self._lane.wait()
        self._lane.stop()

    def _show(
        self, path: Path, show: Callable[[Project], Iterable[Call]], project: Project
    ) -> None:
        works: list[Call] = []
        try:
            works.extend(partial(self._attempt, work) for work in show(project))
        finally:  # what it gave until it failed is shown
            self._turns.want(*works, partial(self._end_opening, path, project))

    def _attempt(self, work: Call) -> None:
        try:
            work()
        except EmsegError as error:
            self.failed.emit(str(error))

    def _end_saving(self, versions: dict[EditTracker, dict[int, int]], path: Path) -> None:
        self._end(ProjectPhase.SAVING)
        self.path = path
        for tracker, then in versions.items():
            if tracker.versions() == then:  # else it was painted on since, and is not stored
                self.stored(tracker)
        self.saved.emit(path)

    def _end_opening(self, path: Path, project: Project) -> None:
        self._end(ProjectPhase.OPENING)
        self.path = path
        self.opened.emit(project)

    def _beside(
        self, phase: ProjectPhase, make: Callable[[], T], then: Callable[[T], object]
    ) -> None:
        self._lane.run(partial(self._or_end, phase, make), then, self.failed.emit)

    def _or_end(self, phase: ProjectPhase, work: Callable[[], T]) -> T:
        """Do a part of it, in any thread; where that fails, with whatever, the phase is over."""
        try:
            return work()
        except Exception:
            self.executor.deliver(partial(self._end, phase))
            raise

    def _begin(self, phase: ProjectPhase) -> None:
        self._under_way.append(phase)
        self.phase = phase

    def _end(self, phase: ProjectPhase) -> None:
        self._under_way.remove(phase)
        self.phase = self._under_way[-1] if self._under_way else ProjectPhase.IDLE
