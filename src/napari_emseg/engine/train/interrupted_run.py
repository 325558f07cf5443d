"""Trainings of the window on disk: each keeps what it needs to go on after a crash."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy.typing as npt

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.engine.jobs import TrainJob
from napari_emseg.errors import EmsegError
from napari_emseg.io.disk.atomic import as_write_error, write_atomically
from napari_emseg.io.disk.processes import is_alive, this_process
from napari_emseg.io.folders import runs_folder
from napari_emseg.io.slices_file import write_slices
from napari_emseg.model.train.history import Row
from napari_emseg.model.train.run_folder import RunFolder

_PATHS = ("images", "labels", "folder", "reviewed", "library")
_TUPLES = ("slices", "validation", "voxel_size_nm")


@dataclass(frozen=True)
class TrainRun:
    """A run folder that also holds copies of the data, and the job, for as long as it is not done.

    A run belongs to the process that trains it. One whose process is gone can be taken over.
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
        run._write(None)
        return run

    @property
    def _record(self) -> Path:
        return self.folder / "job.json"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def history(self) -> list[Row]:
        """Rows of the epochs that are done; `ModelError` where they cannot be read."""
        return RunFolder(self.folder).read_history()

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
        self._write(job)

    def resumed_job(self) -> TrainJob:
        """The job that goes on with it; `EmsegError` where that cannot be read."""
        try:
            return replace(_job_of(self._read()["job"]), resume=True)
        except (TypeError, LookupError) as error:
            raise EmsegError(
                f"resume: {self._record} cannot be used ({type(error).__name__}: {error}); discard "
                "that training and begin a new one"
            ) from error

    def release(self) -> None:
        """Nobody trains it any more, but it can go on."""
        write_atomically(self._record, lambda to: to.write_text(json.dumps(
            {**self._read(), "process": None}
        )))  # fmt: skip

    def settle(self) -> None:
        """It is done: what was needed to go on is deleted, what came of it stays."""
        self._record.unlink(missing_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)

    def discard(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self, *, crashed: bool) -> None:
        """Settle, discard or release it, by what it has come to."""
        files = RunFolder(self.folder)
        if files.package.exists():
            self.settle()
        elif files.last.exists() or crashed:
            self.release()
        else:
            self.discard()

    def _write(self, job: TrainJob | None) -> None:
        record = {
            "process": this_process(),
            "job": None if job is None else _plain(job),
        }
        write_atomically(self._record, lambda to: to.write_text(json.dumps(record, indent=2)))

    def _read(self) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return {"process": None, "job": None}
        return record


def interrupted_runs() -> list[TrainRun]:
    """Runs that can go on and that no living process trains, the newest first.

    What processes that were killed while they copied have left behind is deleted.
    """
    found = []
    for record in runs_folder().glob("*/job.json"):
        run = TrainRun(record.parent)
        about = run._read()
        if is_alive(about["process"]):
            continue
        if about["job"] is None:
            run.discard()
        else:
            found.append((record.stat().st_mtime, run))
    return [run for _, run in sorted(found, key=lambda each: each[0], reverse=True)]


def _plain(job: TrainJob) -> dict[str, Any]:
    plain = asdict(job)
    return {**plain, **{k: None if plain[k] is None else str(plain[k]) for k in _PATHS}}


def _job_of(plain: dict[str, Any]) -> TrainJob:
    paths = {k: None if plain[k] is None else Path(plain[k]) for k in _PATHS}
    tuples = {k: None if plain[k] is None else tuple(plain[k]) for k in _TUPLES}
    configs = {
        "recipe": Recipe.from_dict(plain["recipe"]),
        "terms": TermsConfig.from_dict(plain.get("terms", {})),
    }
    return TrainJob(**{**plain, **paths, **tuples, **configs})
