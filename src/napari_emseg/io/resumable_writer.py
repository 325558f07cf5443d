"""Outputs that are written slice by slice, and resumed after whatever stopped them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, sync_file, write_atomically
from napari_emseg.io.disk.lock import LOCK, Lock
from napari_emseg.io.disk.unfinished import RECORD, record_of, require_same_run
from napari_emseg.io.formats.file_format import AnyPath, Put, WritableFormat
from napari_emseg.io.formats.registry import slice_ending_for
from napari_emseg.io.layout.location import place_to_write
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import check_format, refuse_inputs
from napari_emseg.types import Stack


@dataclass(frozen=True)
class _Record:
    """What is known of an unfinished output: so many slices, from the first on, are finished."""

    run: dict[str, Any]
    done: int = 0
    highest: float = 0


class ResumableWriter:
    """A stack on the disk that is filled in order, slice by slice.

    A zarr and a folder of slices grow in their place, and can be opened while they do. A single
    file grows beside its place, as ``out.partial.tif`` for ``out.tif``, and is renamed when it is
    complete. A small record says how many slices are finished. It is replaced, as a whole, after
    each slice, so a slice whose writing was cut short never counts; it goes when all is done. From
    its making until the end of its ``with``, or of the process, nobody else writes there.

    Parameters
    ----------
    path : path
        As `write.write_stack` takes it; slices in a folder are PNG where PNG holds the dtype, else
        TIFF.
    planned : Stack
        Shape, dtype, voxel size, name and kind of what will be written; its pixels are not looked
        at.
    run : mapping of str
        What the pixels depend on besides shape and dtype, as JSON, by the names that an error
        calls it. Who goes on must bring the same.
    resume : bool
        Go on with what is there, unfinished; begin where there is nothing.
    overwrite : bool
        Whether something finished, or something unfinished without ``resume``, may be replaced. It
        is, when the first slice comes.
    sources : sequence of path
        Inputs, which are refused as output.

    Raises
    ------
    WriteError
        If the output cannot be written or must not be, is being written by another, or was begun
        with another ``run``.

    Examples
    --------
    >>> with ResumableWriter("out.zarr", planned, {"model": "default"}, resume=True) as out:
    ...     for z in range(out.done, len(planned)):
    ...         out.put(z, pixels_of(z))
    """

    def __init__(
        self,
        path: AnyPath,
        planned: Stack,
        run: Mapping[str, Any],
        *,
        resume: bool = False,
        overwrite: bool = False,
        sources: Sequence[AnyPath] = (),
    ) -> None:
        path = place_to_write(path)
        self.path, self._planned = Path(path), planned
        slices = slice_ending_for(np.dtype(planned.data.dtype))
        self._format = check_format(path, planned, sources=sources, slice_ending=slices)
        self._place, self._record_path = _places(self.path, self._format)
        refuse_inputs(self._place, sources)
        about = {**run, "shape": planned.shape, "dtype": str(planned.data.dtype)}
        new = _Record(json.loads(json.dumps(about)))
        self._open: ExitStack = ExitStack()
        self._write: Put | None = None
        lock = Lock(self.path, is_folder=self._format.is_folder, by="predict")
        lock.refuse_others()
        self._begun_from(new, resume, overwrite)  # what is refused changes nothing on the disk
        with ExitStack() as held:
            held.enter_context(lock)
            # again: another may have come and gone before the lock was ours
            self._record = self._begun_from(new, resume, overwrite)
            self._held = held.pop_all()

    @property
    def done(self) -> int:
        """How many slices, from the first on, are finished."""
        return self._record.done

    @property
    def highest(self) -> float:
        """The highest value in the finished slices, 0 without any."""
        return self._record.highest

    def last(self, *, before: int = 0) -> npt.NDArray[Any]:
        """The last finished slice (Y, X), or one that is so many before it."""
        stack = read_stack(self._place, kind=self._planned.kind, raw_values=True)
        # no map of a file that is written to
        return np.array(stack.slice(self.done - 1 - before))

    def put(self, z: int, pixels: npt.NDArray[Any]) -> None:
        """Write slice ``z``, (Y, X), the first that is not finished.

        Raises
        ------
        WriteError
            If the disk is full or not writable; the slices before stay finished.
        ValueError
            If it is another slice's turn.
        """
        if z != self.done:
            raise ValueError(f"slice {z} came when it was the turn of slice {self.done}")
        with as_write_error(self.path):
            if self._write is None:
                self._write = self._opened()
            self._write(z, pixels)
            if not self._format.is_folder:  # before the record says so
                sync_file(self._place)
        self._note(_Record(self._record.run, z + 1, max(self.highest, pixels.max().item())))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._held:
            self._open.close()
            if self.done == len(self._planned):
                self._finish()

    def _begun_from(self, new: _Record, resume: bool, overwrite: bool) -> _Record:
        """The record to go on from."""
        found = self._found()
        if found is None:
            self._check_free(overwrite)
            return new
        if resume:
            require_same_run(self.path, found.run, new.run)
            return found
        if not overwrite:
            raise WriteError(
                f"{self.path}: {found.done} of {len(self._planned)} slices are there from a run "
                "that was stopped; go on from there, or begin anew",
                resume=True,
                overwrite=True,
            )
        return new

    def _found(self) -> _Record | None:
        """What an earlier run noted."""
        try:
            found = _Record(**json.loads(self._record_path.read_text()))
            is_there = self._place.exists() or found.done == len(self._planned)
            return found if is_there else None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError) as error:
            raise WriteError(
                f"{self._record_path}: cannot be read ({error}); delete it and the output"
            ) from error

    def _check_free(self, overwrite: bool) -> None:
        if self._place != self.path and self._place.exists():
            raise WriteError(f"{self._place}: is in the way; move it, or choose another output")
        self._format.check_place(self.path, self._planned, overwrite=overwrite)

    def _opened(self) -> Put:
        if self.done == 0:
            self._begin()
        return self._open.enter_context(self._format.fill(self._place, self._planned))

    def _begin(self) -> None:
        """Remove what may be overwritten, and make an output of zeros."""
        if self._format.is_folder:
            self._place.mkdir(parents=True, exist_ok=True)
        # before all else: without the record it would look finished
        self._note(self._record)
        if self._format.is_folder:
            _remove(self._format.replaced(self._place, self._planned))
        self._format.make(self._place, self._planned)

    def _note(self, record: _Record) -> None:
        text = json.dumps(asdict(record))
        write_atomically(self._record_path, lambda to: to.write_text(text))
        self._record = record

    def _finish(self) -> None:
        with as_write_error(self.path):
            # not there where the last run was killed between these two steps
            if self._place != self.path and self._place.exists():
                self._place.replace(self.path)
            self._format.finish(self.path, self._planned)
            self._record_path.unlink()


def planned_stack(like: Stack, n_slices: int, dtype: npt.DTypeLike, **changes: Any) -> Stack:
    """A stack without pixels that has the slices' shape, voxel size and name of another."""
    shape = (n_slices, *like.shape[1:])
    return like.with_data(np.broadcast_to(np.zeros((), dtype), shape), **changes)


def _places(path: Path, file_format: WritableFormat) -> tuple[Path, Path]:
    """Where the output grows, and where its record lies."""
    is_folder = file_format.is_folder
    place = path if is_folder else path.with_name(f"{path.stem}.partial{path.suffix}")
    return place, record_of(place, is_folder=is_folder)


def _remove(paths: Iterable[Path]) -> None:
    """Remove what is there, save the record and the lock."""
    for each in paths:
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name not in (RECORD, LOCK):
            each.unlink(missing_ok=True)
