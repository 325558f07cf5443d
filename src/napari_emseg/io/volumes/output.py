"""The output of a run in blocks: begun, joined by others, gone on with, finished."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.lock import Lock
from napari_emseg.io.formats.zarr import LABELS, Zarr
from napari_emseg.io.layout.location import Location
from napari_emseg.io.volumes.ledger import BLOCKS, join_run, refuse_to_remove, run_of
from napari_emseg.io.volumes.ome_volume import OmeVolume, image_of
from napari_emseg.io.volumes.place import Place
from napari_emseg.io.write import refuse_inputs
from napari_emseg.types import AnyPath, Stack

_FINISHED = "finished.json"


class BlocksOutput:
    """An OME-Zarr that is written by blocks, and what is kept of its run in ``.blocks`` there.

    Parameters
    ----------
    path : path
        ``OUT.zarr``, ``s3://bucket/OUT.zarr``, or labels in an image: ``IMAGE.zarr::labels/NAME``.
    planned : Stack
        Shape, dtype, voxel size, name and kind; its pixels are not looked at.
    about : mapping
        What the results depend on, for JSON; who goes on, or joins, must bring the same.
    joins : bool
        Whether others may be at it already, as parts of a run are.
    resume, overwrite : bool
        Go on with what is there, unfinished; replace what is there.
    sources : sequence of path
        Inputs, which are refused as output.

    Raises
    ------
    WriteError
        If the output cannot be written or must not be, or was begun with something else.
    """

    def __init__(
        self,
        path: AnyPath,
        planned: Stack,
        about: Mapping[str, Any],
        *,
        joins: bool = False,
        resume: bool = False,
        overwrite: bool = False,
        sources: Sequence[AnyPath] = (),
    ) -> None:
        place = volume_place(path)
        self.volume, self._planned = OmeVolume.of(place, planned), planned
        self.run = place / BLOCKS
        self._refuse(place, sources)
        refuse_to_remove(place, joins=joins, overwrite=overwrite)
        self._make_room(place, overwrite=overwrite, goes_on=resume or joins)
        join_run(self.run, about)
        self.volume.make(planned)

    @property
    def finished(self) -> dict[str, Any] | None:
        """What was noted when all was there; None where it is not."""
        data = self.run.read(_FINISHED)
        found: dict[str, Any] | None = None if data is None else json.loads(data)
        return found

    def finish(self, note: Mapping[str, Any] | None = None) -> None:
        """Note that all is there."""
        if self.finished is None:
            self.volume.finish(self._planned)
            self.run.write(_FINISHED, json.dumps(note or {}).encode())

    def reopen(self) -> None:
        """Note that what was finished is written again; nobody is to take it for finished."""
        if self.finished is not None:
            self.volume.reopen()
            self.run.remove_file(_FINISHED)

    def _refuse(self, place: Place, sources: Sequence[AnyPath]) -> None:
        if place.path is not None:
            refuse_inputs(place.path, [each for each in sources if not Location.of(each).is_remote])
            return
        for source in sources:
            taken = Location.of(source).place.rstrip("/")
            image = image_of(place)
            beside = image is not None and image.address == taken
            if not beside and f"{place}/".startswith(f"{taken}/"):
                raise WriteError(f"{place}: is, or lies in, the input {source}; choose another")

    def _make_room(self, place: Place, *, overwrite: bool, goes_on: bool) -> None:
        begun, finished = run_of(self.run) is not None, self.finished is not None
        if begun and goes_on:
            return
        if begun and not finished and not overwrite:
            raise WriteError(
                f"{place}: some blocks are there from a run that was stopped; go on from there, or "
                "begin anew",
                resume=True,
                overwrite=True,
            )
        if place.path is not None:
            Lock(place.path, is_folder=True, by="predict").refuse_others()
            self._check_folder(place.path, overwrite=overwrite)
        elif not overwrite and not place.is_empty():
            raise WriteError(
                f"{place}: exists already; choose another address, or allow to overwrite it",
                overwrite=True,
            )
        if overwrite:
            place.remove()

    def _check_folder(self, path: Path, *, overwrite: bool) -> None:
        # of a run that was killed at its beginning the record alone is there
        if overwrite and (path / BLOCKS).is_dir():
            return
        Zarr().check_place(path, self._planned, overwrite=overwrite)


def volume_place(path: AnyPath) -> Place:
    """Where a volume is written by blocks.

    Raises
    ------
    WriteError
        If the path is that of another format, or says what only a reader can choose.
    """
    where = Location.of(os.fspath(path).removeprefix("file://"))
    if where.part and not where.part.startswith(f"{LABELS}/"):
        raise WriteError(
            f"{path}: expected a path to write to, received one with a part; only labels are "
            f"written into an image, as in image.zarr::{LABELS}/cells"
        )
    place = Place.of(where.place)
    if where.part:
        return place / where.part
    if not place.name.endswith(".zarr") and image_of(place) is None:
        raise WriteError(
            f"{path}: blocks are written as OME-Zarr; expected OUT.zarr, received another ending"
        )
    return place
