"""The note in the folder of a training that is not done: its job, and the process that does it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.engine.train.jobs import LabelledFiles, TrainJob
from napari_emseg.errors import ReadError
from napari_emseg.io.disk.json_file import load_json, write_json
from napari_emseg.io.disk.processes import is_alive, this_process

NOTE, _COPY = "job.json", "job-copy.json"
_PATHS = ("images", "labels", "reviewed", "folder", "library")
_TUPLES = ("slices", "validation", "voxel_size_nm")


@dataclass(frozen=True)
class JobNote:
    """What stands in ``job.json``, and, since a crash of the machine may take that, in a copy.

    Parameters
    ----------
    process : list, optional
        As `io.disk.processes.this_process` names it; None where nobody trains it any more.
    job : dict, optional
        A `TrainJob` in plain values; None while its data are copied.
    """

    process: list[Any] | None
    job: dict[str, Any] | None

    @classmethod
    def of(cls, job: TrainJob | None) -> JobNote:
        """The note of a job that this process does."""
        return cls(this_process(), None if job is None else _plain(job))

    @classmethod
    def read(cls, folder: Path) -> JobNote | None:
        """What stands in a folder; None where there is no note.

        Raises
        ------
        ReadError
            If neither the note nor its copy can be read.
        """
        try:
            return cls._load(folder / NOTE)
        except ReadError:
            if (copied := cls._load(folder / _COPY)) is None:
                raise
            return copied

    @classmethod
    def _load(cls, path: Path) -> JobNote | None:
        values = load_json(path)
        if values is None:
            return None
        match values:
            case {"process": list() | None as process, "job": dict() | None as job}:
                return cls(process, job)
        raise ReadError(f"{path}: expected process and job, received {values}")

    def write(self, folder: Path) -> None:
        """Put it in the place of the one that was there; `WriteError` where that fails."""
        write_json(folder / NOTE, asdict(self))

    def write_copy(self, folder: Path) -> None:
        """Write a second one."""
        write_json(folder / _COPY, asdict(self))

    @staticmethod
    def remove(folder: Path) -> None:
        """Delete both."""
        for name in (NOTE, _COPY):
            (folder / name).unlink(missing_ok=True)

    @property
    def is_owned(self) -> bool:
        """Whether its process lives."""
        return is_alive(self.process)

    def train_job(self) -> TrainJob:
        """The job; `ReadError` where there is none, or none that this version understands."""
        try:
            return _job_of(self.job)
        except (TypeError, LookupError) as error:
            raise ReadError(f"{type(error).__name__}: {error}") from error


def _plain(job: TrainJob) -> dict[str, Any]:
    stacks = [_with_paths_as(str, asdict(each)) for each in job.stacks]
    return {**_with_paths_as(str, asdict(job)), "stacks": stacks}


def _job_of(plain: Any) -> TrainJob:
    if "stacks" not in plain:  # of a version that trained on one
        ours = {each.name for each in fields(LabelledFiles)}
        rest = {name: value for name, value in plain.items() if name not in ours}
        plain = {**rest, "stacks": [{k: v for k, v in plain.items() if k in ours}]}
    about = {
        "stacks": tuple(_files_of(each) for each in plain["stacks"]),
        "recipe": Recipe.from_dict(plain["recipe"]),
        "terms": TermsConfig.from_dict(plain.get("terms", {})),
    }
    return TrainJob(**{**_with_paths_as(Path, plain), **about})


def _files_of(plain: dict[str, Any]) -> LabelledFiles:
    tuples = {k: None if plain[k] is None else tuple(plain[k]) for k in _TUPLES}
    return LabelledFiles(**{**_with_paths_as(Path, plain), **tuples})


def _with_paths_as(kind: type[str] | type[Path], plain: dict[str, Any]) -> dict[str, Any]:
    paths = {k: kind(plain[k]) for k in _PATHS if plain.get(k) is not None}
    return {**plain, **paths}
