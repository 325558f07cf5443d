"""Trainings of the window on disk: each keeps what it needs to go on after a crash."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy.typing as npt

from napari_emseg.engine.train.job_note import NOTE, JobNote
from napari_emseg.engine.train.jobs import TrainJob
from napari_emseg.errors import EmsegError, ReadError, WriteError
from napari_emseg.io.disk.atomic import as_write_error
from napari_emseg.io.disk.lock import Lock
from napari_emseg.io.folders import runs_folder
from napari_emseg.io.slices_file import write_slices
from napari_emseg.model.train.history import Row
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Cancelled, Failed, Finished


@dataclass(frozen=True)
class TrainRun:
    """A run folder that also holds copies of the data, and the job, for as long as it is not done.

    A run belongs to the process that trains it. One whose process is gone can be taken over. One
    whose note cannot be read is left as it is until a person discards it.
    """

    folder: Path

    @classmethod
    def begin(cls, name: str) -> TrainRun:
        """Make a run folder called after the model and the time.

        Raises
        ------
        WriteError
            If it cannot be made.
        """
        safe = re.sub(r"[^\w .()+-]+", "_", name).strip() or "run"
        run = cls(runs_folder() / f"{safe} {datetime.now():%Y-%m-%d %H%M%S.%f}")
        with as_write_error(run.folder):
            run._data.mkdir(parents=True)
        JobNote.of(None).write(run.folder)
        return run

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def history(self) -> list[Row]:
        """Rows of the epochs that are done; `ModelError` where they cannot be read."""
        return self._files.read_history()

    @property
    def _files(self) -> RunFolder:
        return RunFolder(self.folder)

    def copy(
        self,
        name: str,
        shape: tuple[int, int, int],
        dtype: npt.DTypeLike,
        slices: Iterable[int],
        read: Callable[[int], npt.NDArray[Any]],
    ) -> Path:
        """Keep slices of a stack as ``name``; see `io.slices_file.write_slices`."""
        path = self._data / f"{name}.npy"
        write_slices(path, shape, dtype, slices, read)
        return path

    def keep(self, job: TrainJob) -> None:
        """Have it trained by this process, by this job."""
        note = JobNote.of(job)
        note.write(self.folder)
        note.write_copy(self.folder)

    def resumed_job(self) -> TrainJob:
        """The job that goes on with it; `ReadError` where its note cannot be used."""
        try:
            note = JobNote.read(self.folder)
            if note is None:
                raise ReadError("there is no note")
            return replace(note.train_job(), resume=True)
        except ReadError as error:
            raise ReadError(
                f"resume: {self.folder / NOTE} cannot be used ({error}); nothing of that training "
                "is deleted until you discard it"
            ) from error

    def take_up(self) -> TrainJob:
        """Have this process go on with it, which no other one may do; the job for that.

        Raises
        ------
        WriteError
            If a living process trains it already.
        ReadError
            As `resumed_job`.
        """
        with Lock(self.folder / NOTE, is_folder=False, by="train", what="training"):
            if self.is_owned:
                raise WriteError(f"resume: the training in {self.folder} goes on already")
            job = self.resumed_job()
            self.keep(job)
            return job

    def release(self) -> None:
        """Nobody trains it any more, but it can go on."""
        if (note := self._readable_note()) is not None:
            replace(note, process=None).write(self.folder)

    def _readable_note(self) -> JobNote | None:
        """The note; None, from which nothing follows, where there is none that can be read."""
        try:
            return JobNote.read(self.folder)
        except ReadError:
            return None

    def settle(self) -> None:
        """It is done: what was needed to go on is deleted, what came of it stays."""
        JobNote.remove(self.folder)
        shutil.rmtree(self._data, ignore_errors=True)

    def discard(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self, event: Finished | Failed | Cancelled) -> None:
        """Settle, discard or release it, by how its job ended and what it has come to."""
        crashed = isinstance(event, Failed) and event.crashed
        # ended by force while it wrote the model, which then is in no library yet
        by_force = crashed or isinstance(event, Cancelled)
        if self._files.package.exists() and not by_force:
            self.settle()
        elif self.holds_weights or crashed:
            self.release()
        else:
            self.discard()

    @property
    def holds_weights(self) -> bool:
        """Whether anything in it was trained."""
        files = self._files
        return any(path.exists() for path in (files.last, files.best, files.package))

    @property
    def is_owned(self) -> bool:
        """Whether a window is known to live that trains it, or a worker that outlived one."""
        note = self._readable_note()
        return (note is not None and note.is_owned) or self._files.lock().holder is not None

    @property
    def is_half_copied(self) -> bool:
        """Whether it was ended before it had a job."""
        note = self._readable_note()
        return note is not None and note.job is None and not self.holds_weights


def interrupted_runs() -> list[TrainRun]:
    """Runs that no living process trains: first those that can go on, of these first the newest.

    What processes that were killed while they copied have left behind is deleted.
    """
    left = []
    for path in runs_folder().glob(f"*/{NOTE}"):
        run = TrainRun(path.parent)
        if run.is_owned:
            continue
        if run.is_half_copied:
            run.discard()
        elif path.exists():  # else another window has just settled it
            left.append((_can_go_on(run), run.folder.stat().st_mtime, run))
    return [run for *_, run in sorted(left, key=lambda each: each[:2], reverse=True)]


def _can_go_on(run: TrainRun) -> bool:
    try:
        run.resumed_job()
    except EmsegError:
        return False
    return True
