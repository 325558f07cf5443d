"""An OME-Zarr that many processes write, each its own shards, with a pyramid and labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, sync_file
from napari_emseg.io.formats.zarr import CHUNK, LABELS, halved, level_shapes
from napari_emseg.io.layout.ome import (
    NOTES_ATTRIBUTE,
    UNFINISHED,
    attributes_of,
    noted,
    written_attributes,
)
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Box, Stack, StackKind, Zyx

SHARD = 4096
"""Height and width of a shard: what one process writes at once, so that no two share a file."""


@dataclass(frozen=True)
class OmeVolume:
    """A volume as OME-Zarr 0.5, in shards of one slice and `SHARD` pixels; it can be pickled.

    Parameters
    ----------
    place : Place
        Its folder.
    shape : (int, int, int)
        Of its finest level.
    dtype : str
        Of its voxels.
    kind : {"image", "labels"}
        Whether smaller levels are means, or every second label.
    """

    place: Place
    shape: Zyx
    dtype: str
    kind: StackKind

    @classmethod
    def of(cls, place: Place, planned: Stack) -> OmeVolume:
        """The one in which a stack is written; of ``planned`` no pixels are looked at."""
        return cls(place, planned.shape, str(np.dtype(planned.data.dtype)), planned.kind)

    @property
    def shapes(self) -> list[Zyx]:
        """Those of all levels, the finest first."""
        return level_shapes(self._stack())

    @property
    def shard(self) -> Zyx:
        """Of which the finest level is made, each written as a whole."""
        return shard_of(self.shape)

    def make(self, planned: Stack) -> None:
        """Write the metadata of group and levels, unless they are there; the voxels are 0 then.

        Raises
        ------
        WriteError
            If it is to be labels of an image that is none of OME-Zarr 0.5, or cannot be written.
        """
        import zarr
        from zarr.errors import ContainsArrayError, ContainsGroupError

        image = image_of(self.place)
        if image is not None and image.read("zarr.json") is None:
            raise WriteError(
                f"{image}: expected an image in OME-Zarr 0.5 to write labels into, received none; "
                "convert it, or write to a place of its own"
            )
        attributes = written_attributes(
            planned, len(self.shapes), zarr_format=3, is_under_labels=image is not None
        )
        # until all is done nobody is to take it for a whole prediction
        attributes[NOTES_ATTRIBUTE].pop("predicted", None)
        attributes[NOTES_ATTRIBUTE][UNFINISHED] = True
        with suppress(ContainsGroupError):  # of a run that others have begun
            zarr.create_group(self.place.store(), zarr_format=3, attributes=attributes)
        for level, shape in enumerate(self.shapes):
            with suppress(ContainsArrayError):
                zarr.create_array(
                    self.place.store(), name=str(level), shape=shape, dtype=self.dtype,
                    chunks=(1, *(min(n, CHUNK) for n in shape[1:])), shards=shard_of(shape),
                    dimension_names=list("zyx"), zarr_format=3,
                )  # fmt: skip

    def finish(self, planned: Stack) -> None:
        """Note that all is there; list labels in the group that holds those of an image."""
        import zarr

        attributes = written_attributes(
            planned,
            len(self.shapes),
            zarr_format=3,
            is_under_labels=image_of(self.place) is not None,
        )
        zarr.open_group(self.place.store(), mode="r+").attrs.update(attributes)
        image = image_of(self.place)
        if image is None:
            return
        group = zarr.open_group((image / LABELS).store(), mode="a", zarr_format=3)
        about: dict[str, Any] = {"version": "0.5", **attributes_of(group)}
        listed = about.get(LABELS, [])
        if self.place.name not in listed:
            group.attrs.update({"ome": {**about, LABELS: [*listed, self.place.name]}})

    def reopen(self) -> None:
        """Note that it is written again."""
        import zarr

        group = zarr.open_group(self.place.store(), mode="r+")
        group.attrs.update({NOTES_ATTRIBUTE: {**noted(group), UNFINISHED: True}})

    def read(self, box: Box, level: int = 0) -> npt.NDArray[Any]:
        """The voxels (Z, Y, X) of a part of a level."""
        return np.asarray(self._level(level)[box])

    def write(self, box: Box, voxels: npt.NDArray[Any], level: int = 0) -> None:
        """Write a part of a level that is made of whole shards; afterwards it is on the disk.

        Parameters
        ----------
        box : (slice, slice, slice)
            Which; it begins and ends where shards do, or at the end of the volume.
        voxels : (Z, Y, X) array
            What is there.
        level : int
            Which level, 0 being the finest.

        Raises
        ------
        WriteError
            If the disk is full, or writing is not allowed.
        """
        array = self._level(level)
        if self.place.path is None:
            array[box] = voxels
            return
        with as_write_error(self.place.path):
            files = [self.place.path / str(level) / key for key in _keys(box, array.shards)]
            for file in files:  # what was cut short by a kill
                for left in file.parent.glob(f"{file.name}.*.partial"):
                    left.unlink(missing_ok=True)
            array[box] = voxels
            for file in files:
                if file.exists():  # nothing but zeros is not written
                    sync_file(file)

    def write_smaller(self, box: Box, level: int) -> None:
        """Write a part of a level from the one above it: half as high and wide, as many slices."""
        shape = self.shapes[level - 1]
        for z in range(box[0].start, box[0].stop):
            rows, columns = (
                slice(2 * span.start, min(2 * span.stop, n))
                for span, n in zip(box[1:], shape[1:], strict=True)
            )
            larger = self.read((slice(z, z + 1), rows, columns), level - 1)[0]
            smaller = halved(larger, self.kind == "image")
            self.write((slice(z, z + 1), *box[1:]), smaller[np.newaxis], level)

    def _level(self, level: int) -> Any:
        return _opened(self, level)

    def _stack(self) -> Stack:
        return Stack(np.broadcast_to(np.zeros((), self.dtype), self.shape), kind=self.kind)


def image_of(place: Place) -> Place | None:
    """The image under whose ``labels/`` a place lies; None elsewhere."""
    folder, _, _ = place.address.rpartition("/")
    holder, _, name = folder.rpartition("/")
    if name != LABELS or not holder:
        return None
    image = Place(holder)
    names = ("zarr.json", ".zattrs", ".zgroup")
    return image if any(image.read(each) is not None for each in names) else None


def written_name(place: Place) -> str:
    """What a volume is called in its metadata; empty where it has no name."""
    import zarr

    images = attributes_of(zarr.open_group(place.store(), mode="r")).get("multiscales", [])
    return str(images[0].get("name", "")) if images else ""


@lru_cache(maxsize=32)
def _opened(volume: OmeVolume, level: int) -> Any:
    import zarr

    return zarr.open_array(volume.place.store(), path=str(level), mode="r+")


def shard_of(shape: Zyx) -> Zyx:
    """Whole chunks, up to `SHARD` pixels high and wide."""
    y, x = (SHARD if n > SHARD else -(-n // min(n, CHUNK)) * min(n, CHUNK) for n in shape[1:])
    return 1, y, x


def _keys(box: Box, shard: Zyx) -> Iterator[str]:
    z, y, x = (
        range(span.start // n, -(-span.stop // n)) for span, n in zip(box, shard, strict=True)
    )
    return (f"c/{i}/{j}/{k}" for i in z for j in y for k in x)
