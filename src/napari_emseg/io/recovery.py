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
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError
from napari_emseg.io.disk.atomic import as_write_error, replacing_file
from napari_emseg.io.disk.json_file import load_json, read_json, write_json
from napari_emseg.io.disk.processes import is_alive, this_process
from napari_emseg.io.folders import recovery_folder

_HEADER = "layer.json"
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

    Nothing is written before there is something to keep. Each file is replaced whole.
    """

    folder: Path

    @classmethod
    def new(cls) -> Recovery:
        """One of this process; nothing of it is on disk yet."""
        return cls(recovery_folder() / f"{os.getpid()}-{secrets.token_hex(4)}")

    def write_header(self, about: Mapping[str, Any]) -> None:
        """Keep what the layer is made with, and that it belongs to this process.

        Raises
        ------
        WriteError
            As all that writes here, if the disk is full or writing is not allowed.
        """
        write_json(self.folder / _HEADER, {**about, "process": this_process()})

    def write_slice(self, z: int, painted: PaintedSlice) -> None:
        """Keep a slice, in the place of what was kept of it before."""
        with as_write_error(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        masks = {"touched": painted.touched, "redrawn": painted.redrawn}
        bits: dict[str, Any] = {
            name: np.packbits(mask) for name, mask in masks.items() if mask is not None
        }
        with replacing_file(self._file(z)) as beside, beside.open("wb") as file:
            np.savez_compressed(file, labels=painted.labels, **bits)

    def forget_slice(self, z: int) -> None:
        """Keep nothing of a slice any more."""
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
        files = self.folder.glob("slice-*.npz")
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
        about = self.about
        try:
            self.folder.rename(mine.folder)  # one of two succeeds
        except OSError as error:
            raise ReadError(
                f"{self.folder}: these labels are gone; another window has restored or discarded "
                "them"
            ) from error
        mine.write_header(about)
        return mine

    def _file(self, z: int) -> Path:
        return self.folder / f"slice-{z:06d}.npz"


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
            if recovery.is_empty:
                _log.info("removing %s, in which nothing was painted", recovery.folder)
                recovery.discard()
            else:
                found.append(recovery)
    return sorted(found, key=lambda each: each.written, reverse=True)
