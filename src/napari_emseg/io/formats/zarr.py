"""zarr (v2 and v3): read lazily as plain arrays and OME-Zarr, written as OME-Zarr by slices.

Written is version 0.4, or 0.5 with a file for each slice where slices are large, with smaller
levels where slices are wide. Labels may be written into an image that exists, under ``labels/``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, sync_folder, write_atomically
from napari_emseg.io.formats.file_format import Put, RemoteFormat, WritableFormat
from napari_emseg.io.layout.arrays import Loaded
from napari_emseg.types import Stack

METADATA = (".zarray", ".zgroup", "zarr.json")
"""Files one of which lies in the folder of each zarr group and array."""

LABELS = "labels"
"""Group of an OME-Zarr image that holds its label images."""

CHUNK = 1024
"""Height and width of a chunk, and of the largest level that has none below it, in pixels."""

SHARDED_PIXELS = 4096**2
"""Slices of more pixels are written with all their chunks in one file."""


class Zarr(WritableFormat, RemoteFormat):
    """A stack in a ``.zarr``, or in any folder that holds a zarr's metadata."""

    name = "zarr"
    endings = (".zarr",)
    is_folder = True

    def holds(self, folder: Path) -> bool:
        return any((folder / name).is_file() for name in METADATA)

    def read(self, path: Path) -> Loaded:
        return self.read_part(path, "")

    def read_part(self, path: Path, part: str) -> Loaded:
        return self.read_remote(str(path), part)

    def read_remote(self, address: str, part: str) -> Loaded:
        from napari_emseg.io.formats.zarr_read import read_zarr

        return read_zarr(address, part)

    def check(self, path: Path, stack: Stack) -> None:
        image = image_that_holds(path)
        if image is not None and stack.kind != "labels":
            raise WriteError(f"{path}: expected labels to write into {image}, received an image")

    def check_place(self, path: Path, stack: Stack, *, overwrite: bool) -> None:
        """As declared; the group that is to hold an image's labels need not exist."""
        if image_that_holds(path) is None or path.parent.exists():
            super().check_place(path, stack, overwrite=overwrite)

    def replacing(self, path: Path) -> AbstractContextManager[Path]:
        if image_that_holds(path) is not None:
            with as_write_error(path):
                path.parent.mkdir(exist_ok=True)
        return super().replacing(path)

    def make(self, path: Path, stack: Stack) -> None:
        import zarr

        from napari_emseg.io.layout.ome import written_attributes

        image = image_that_holds(path)
        zarr_format: Any = _format_for(stack) if image is None else _format_of(image)
        shapes = level_shapes(stack)
        attributes = written_attributes(
            stack, len(shapes), zarr_format=zarr_format, is_under_labels=image is not None
        )
        group = zarr.create_group(str(path), zarr_format=zarr_format, attributes=attributes)
        for level, shape in enumerate(shapes):
            _make_level(group, str(level), shape, np.dtype(stack.data.dtype), zarr_format)

    @contextmanager
    def fill(self, path: Path, stack: Stack) -> Iterator[Put]:
        import zarr

        group = zarr.open_group(str(path), mode="r+")
        levels: list[Any] = [group[str(level)] for level in range(len(level_shapes(stack)))]
        in_chunks = "c" if group.metadata.zarr_format == 3 else ""

        def put(z: int, pixels: npt.NDArray[Any]) -> None:
            for level, array in enumerate(levels):
                pixels = halved(pixels, stack.kind == "image") if level else pixels
                chunks = path / str(level) / in_chunks / str(z)
                # a shard that was cut short would be read, to be completed
                shutil.rmtree(chunks, ignore_errors=True)
                array[z] = pixels
                sync_folder(chunks)

        yield put

    def finish(self, path: Path, stack: Stack) -> None:
        """Name labels in the group that lists those of an image."""
        image = image_that_holds(path)
        if image is not None:
            _list_labels(path, _format_of(image))


def image_that_holds(path: Path) -> Path | None:
    """The OME-Zarr image into which a path under its ``labels/`` leads; None elsewhere."""
    image = path.absolute().parent.parent
    is_within = path.absolute().parent.name == LABELS
    return image if is_within and any((image / name).is_file() for name in METADATA[1:]) else None


def level_shapes(stack: Stack) -> list[tuple[int, int, int]]:
    """Shapes of the levels in which a stack is written, each half as high and wide."""
    shapes = [stack.shape]
    while max(shapes[-1][1:]) > 2 * CHUNK:
        z, y, x = shapes[-1]
        shapes.append((z, -(-y // 2), -(-x // 2)))
    return shapes


def halved(pixels: npt.NDArray[Any], is_image: bool) -> npt.NDArray[Any]:
    """Pixels (Y, X) of half the height and width: means of grey values, every second label."""
    if not is_image or pixels.dtype == np.bool_:
        return pixels[::2, ::2]
    height, width = pixels.shape
    even = np.pad(pixels, ((0, height % 2), (0, width % 2)), mode="edge")
    blocks = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2)
    means = blocks.mean((1, 3), dtype=np.float64)
    smaller: npt.NDArray[Any] = means if pixels.dtype.kind == "f" else np.rint(means)
    return smaller.astype(pixels.dtype, copy=False)


def _format_for(stack: Stack) -> int:
    return 3 if stack.shape[1] * stack.shape[2] > SHARDED_PIXELS else 2


def _format_of(image: Path) -> int:
    return 3 if (image / "zarr.json").is_file() else 2


def _make_level(
    group: Any, name: str, shape: tuple[int, int, int], dtype: np.dtype[Any], zarr_format: int
) -> None:
    chunks = (1, *(min(length, CHUNK) for length in shape[1:]))
    if zarr_format == 2:
        encoding = {"name": "v2", "separator": "/"}
        group.create_array(
            name, shape=shape, dtype=dtype, chunks=chunks, chunk_key_encoding=encoding
        )
        return
    shard = (1, *(-(-length // c) * c for length, c in zip(shape[1:], chunks[1:], strict=True)))
    group.create_array(
        name, shape=shape, dtype=dtype, chunks=chunks, shards=shard, dimension_names=list("zyx")
    )


def _list_labels(path: Path, zarr_format: int) -> None:
    folder = path.absolute().parent
    file = folder / ("zarr.json" if zarr_format == 3 else ".zattrs")
    about: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    holder: dict[str, Any]
    if zarr_format == 3:
        about = {"zarr_format": 3, "node_type": "group", "attributes": {}, **about}
        holder = about["attributes"].setdefault("ome", {"version": "0.5"})
    else:
        holder = about
        group = folder / ".zgroup"
        if not group.exists():
            write_atomically(group, lambda to: to.write_text(json.dumps({"zarr_format": 2})))
    names = [name for name in holder.get(LABELS, []) if (folder / name).is_dir()]
    holder[LABELS] = names if path.name in names else [*names, path.name]
    write_atomically(file, lambda to: to.write_text(json.dumps(about, indent=1)))
