"""Painted labels on disk, so that a crash does not take them along.

A folder holds what was painted on one layer: a file for each slice that a person has touched, and
a header. It belongs to the process that paints; once that is gone, another can take it over.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError
from napari_emseg.io.disk.atomic import as_write_error, remove, sync_file
from napari_emseg.io.disk.json_file import load_json, read_json, write_json
from napari_emseg.io.disk.processes import is_alive, this_process
from napari_emseg.io.folders import recovery_folder

_HEADER = "layer.json"
_LETTERS = 8
"""Of the name of a step, which files bear until it is finished."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PaintedSlice:
    """Labels (Y, X) of a slice, and where a person has touched and redrawn it (Y, X).

    Who kept it may not have known what was redrawn; see `core.correct.edits`.
    """

    labels: npt.NDArray[Any]
    touched: npt.NDArray[np.bool_]
    redrawn: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Recovery:
    """What was painted on one layer.

    Nothing is written before there is something to keep.
    """

    folder: Path

    @classmethod
    def new(cls) -> Recovery:
        """One of this process; nothing of it is on disk yet."""
        return cls(recovery_folder() / f"{os.getpid()}-{secrets.token_hex(4)}")

    def write(
        self, about: Mapping[str, Any], slices: Iterable[tuple[int, PaintedSlice | None]] = ()
    ) -> None:
        """Keep slices, in the place of what was kept of them before; all of them, or none.

        A decision changes many slices at once. So they are written beside what is there, and the
        header is the last: from then on they count, whatever happens.

        Parameters
        ----------
        about : mapping
            What the layer is made with.
        slices : iterable of (int, PaintedSlice or None)
            By number; None where nothing is to be kept any more. Others stay.

        Raises
        ------
        WriteError
            If the disk is full or writing is not allowed.
        """
        step, forgotten = secrets.token_hex(_LETTERS // 2), []
        try:
            with as_write_error(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
            for z, painted in slices:
                if painted is None:
                    forgotten.append(z)
                else:
                    _write_slice(self.folder / f"{step}-{_name(z)}", painted)
            owner = {"process": this_process(), "step": step, "forgotten": forgotten}
            write_json(self.folder / _HEADER, {**about, **owner})
        except BaseException:
            for file in self.folder.glob(f"{step}-*"):
                remove(file)
            raise
        self.finish()

    def finish(self) -> None:
        """Put what was written last into its place; what was not written as a whole is removed."""
        try:
            about = load_json(self.folder / _HEADER) or {}
        except ReadError:  # all of it may be needed to mend that
            return
        with suppress(OSError):  # another window takes it over meanwhile
            for file in self.folder.glob(f"{'?' * _LETTERS}-{_name('*')}"):
                if file.name.startswith(f"{about.get('step')}-"):
                    file.replace(self.folder / file.name[_LETTERS + 1 :])
                else:
                    file.unlink(missing_ok=True)
            for z in about.get("forgotten", ()):
                self._file(z).unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete all of it; also where nothing was written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def about(self) -> dict[str, Any]:
        """What the layer was made with; empty where that cannot be read."""
        return read_json(self.folder / _HEADER)

    @property
    def slices(self) -> tuple[int, ...]:
        """Slices that are kept, ascending."""
        files = self.folder.glob(_name("*"))
        return tuple(sorted(int(file.stem.removeprefix("slice-")) for file in files))

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it is worth keeping; a header that cannot be read may hold it."""
        try:
            about = load_json(self.folder / _HEADER) or {}
        except ReadError:
            return False
        return not (self.slices or about.get("reviewed"))

    @property
    def written(self) -> float:
        """When it was last written to, in seconds since 1970; 0 where it is gone."""
        try:
            # files in it are replaced whole, which the folder notes; they may vanish meanwhile
            return self.folder.stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def read_slice(self, z: int) -> PaintedSlice:
        """What is kept of a slice.

        Raises
        ------
        ReadError
            If it cannot be read.
        """
        try:
            with self._file(z).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                labels = kept["labels"]
                touched, redrawn = (_unpacked(kept, n, labels) for n in ("touched", "redrawn"))
                if touched is None:
                    raise LookupError("touched")
        except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile) as error:
            raise ReadError(
                f"{self._file(z)}: a painted slice cannot be read ({error}); discard all, or "
                "move that file away and restore the others"
            ) from error
        return PaintedSlice(labels, touched, redrawn)

    def claim(self) -> Recovery:
        """Have it belong to this process.

        Raises
        ------
        ReadError
            If it is gone: another window was faster.
        """
        mine = Recovery.new()
        self.finish()
        about = self.about
        try:
            self.folder.rename(mine.folder)  # one of two succeeds
        except OSError as error:
            raise ReadError(
                f"{self.folder}: these labels are gone; another window has restored or discarded "
                "them"
            ) from error
        mine.write(about)
        return mine

    def _file(self, z: int) -> Path:
        return self.folder / _name(z)


def _name(z: int | str) -> str:
    return f"slice-{z:0>6}.npz" if isinstance(z, int) else f"slice-{z}.npz"


def _write_slice(path: Path, painted: PaintedSlice) -> None:
    masks = {"touched": painted.touched, "redrawn": painted.redrawn}
    bits: dict[str, Any] = {
        name: np.packbits(mask) for name, mask in masks.items() if mask is not None
    }
    with as_write_error(path):
        with path.open("wb") as file:
            np.savez_compressed(file, labels=painted.labels, **bits)
        sync_file(path)


def _unpacked(
    kept: Mapping[str, Any], name: str, labels: npt.NDArray[Any]
) -> npt.NDArray[np.bool_] | None:
    """A mask (Y, X) that was kept beside labels; None where it was not."""
    if name not in kept:
        return None
    bits = np.unpackbits(kept[name], count=labels.size)
    return bits.astype(bool).reshape(labels.shape)


def left_behind() -> list[Recovery]:
    """Recoveries whose process is gone, the last written first.

    What holds nothing is deleted.
    """
    found = []
    for header in recovery_folder().glob(f"*/{_HEADER}"):
        recovery = Recovery(header.parent)
        if is_alive(recovery.about.get("process")):
            continue
        with suppress(FileNotFoundError):  # another window discards it meanwhile
            recovery.finish()
            if recovery.is_empty:
                _log.info("removing %s, in which nothing was painted", recovery.folder)
                recovery.discard()
            else:
                found.append(recovery)
    return sorted(found, key=lambda each: each.written, reverse=True)
