"""Writing a stack to a file or a folder: whole or not at all, and never over the input."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import CancelledError, WriteError
from napari_emseg.io.disk.atomic import as_write_error
from napari_emseg.io.disk.lock import Lock
from napari_emseg.io.formats.file_format import AnyPath, WritableFormat, ending
from napari_emseg.io.formats.registry import format_to_write, stack_endings
from napari_emseg.io.formats.zarr import image_that_holds
from napari_emseg.io.layout.location import Location, place_to_write
from napari_emseg.types import ArrayLike, ShouldStop, Stack

logger = logging.getLogger(__name__)

OnSlice: TypeAlias = Callable[[int, int], None]
"""Called with the number of slices written and of all."""

SliceEnding: TypeAlias = Literal[".png", ".tif"]


def write_stack(
    path: AnyPath,
    stack: Stack | ArrayLike,
    *,
    overwrite: bool = False,
    sources: Sequence[AnyPath] = (),
    slice_ending: SliceEnding = ".png",
    on_slice: OnSlice | None = None,
    should_stop: ShouldStop | None = None,
) -> Path:
    """Write a stack slice by slice; values and dtype stay as they are.

    Parameters
    ----------
    path : path
        ``x.tif`` (in ImageJ's form where the dtype permits, with voxel size), ``x.zarr`` (OME-Zarr,
        with voxel size), ``image.zarr::labels/cells`` (labels of an OME-Zarr image that exists),
        ``x.h5`` (as CREMI's, with voxel size), ``x.npy``, ``x.png`` (one slice); ``DIR/``, an
        existing folder or a path without ending for a folder of slices ``slice_0000.png``, ...
    stack : Stack, or (Z, Y, X) or (Y, X) array
        What to write; a lazy one is never loaded as a whole.
    overwrite : bool
        Whether an existing output may be replaced.
    sources : sequence of path
        Inputs, which are refused as output even with ``overwrite``.
    slice_ending : {".png", ".tif"}
        Format of the slices in a folder; PNG for bool, uint8, uint16 only, without voxel size.
    on_slice : callable, optional
        Called with (slices written, slices in all).
    should_stop : callable, optional
        Asked before each slice.

    Returns
    -------
    Path
        The file or folder that was written.

    Raises
    ------
    WriteError
        If the ending is unknown or does not suit the dtype, the output exists, is being written by
        another or is an input, the disk is full or not writable. A previous output is then as it
        was, and nothing new is left.
    CancelledError
        If ``should_stop`` said so; with the same promise.

    Examples
    --------
    >>> import napari_emseg as em
    >>> image, _ = em.phantom()
    >>> em.write_stack("image.zarr", image).name
    'image.zarr'
    >>> em.read_stack("image.zarr")
    Stack('image', image (8, 512, 512) uint8, voxel_size_nm=(50.0, 4.0, 4.0))
    """
    stack = Stack.of(stack)
    file_format = check_target(
        path, stack, overwrite=overwrite, sources=sources, slice_ending=slice_ending
    )
    out = Path(place_to_write(path))
    stack = stack.with_data(_native_dtype(stack.data))
    replacing = file_format.replacing(out)  # chosen by what is there before the lock
    with _lock(out, file_format):
        file_format.check_place(out, stack, overwrite=overwrite)  # another may have been faster
        with replacing as place:
            _fill(file_format, place, stack, on_slice, should_stop)
        with as_write_error(out):
            file_format.finish(out, stack)
    logger.info("wrote %s", out)
    return out


def _fill(
    file_format: WritableFormat,
    place: Path,
    stack: Stack,
    on_slice: OnSlice | None,
    should_stop: ShouldStop | None,
) -> None:
    file_format.make(place, stack)
    with file_format.fill(place, stack) as put:
        for z in range(len(stack)):
            if should_stop is not None and should_stop():
                raise CancelledError(
                    f"stopped before slice {z} of {len(stack)}; nothing was written"
                )
            put(z, np.ascontiguousarray(stack.slice(z)))
            if on_slice is not None:
                on_slice(z + 1, len(stack))


def check_target(
    path: AnyPath,
    stack: Stack,
    *,
    overwrite: bool = False,
    sources: Sequence[AnyPath] = (),
    slice_ending: SliceEnding = ".png",
) -> WritableFormat:
    """Whether `write_stack` would take these arguments: ask before a long computation.

    Only shape and dtype of the stack count, not its pixels.

    Returns
    -------
    WritableFormat
        In which the stack would be written.

    Raises
    ------
    WriteError
        As `write_stack`, of all that can be known before writing.
    """
    file_format = check_format(path, stack, sources=sources, slice_ending=slice_ending)
    out = Path(place_to_write(path))
    _lock(out, file_format).refuse_others()
    file_format.check_place(out, stack, overwrite=overwrite)
    return file_format


def _lock(out: Path, file_format: WritableFormat) -> Lock:
    return Lock(out, is_folder=file_format.is_folder, by="napari-emseg")


def check_format(
    path: AnyPath, stack: Stack, *, sources: Sequence[AnyPath], slice_ending: str
) -> WritableFormat:
    """As `check_target`, whatever there is at ``path`` already."""
    path = place_to_write(path)
    file_format = _format_for(path, slice_ending)
    if 0 in stack.shape or np.dtype(stack.data.dtype).kind not in "biuf":
        raise WriteError(
            f"stack {stack.name!r}: expected bool, integer or float pixels, received shape "
            f"{stack.shape} of {stack.data.dtype}"
        )
    file_format.check(Path(path), stack)
    refuse_inputs(Path(path), sources)
    return file_format


def not_kept(path: AnyPath, stack: Stack, *, slice_ending: SliceEnding = ".png") -> tuple[str, ...]:
    """What of a stack has no place in what `write_stack` makes of ``path``, in words."""
    written_as = format_to_write(path, slice_ending)
    return written_as.not_kept(stack) if isinstance(written_as, WritableFormat) else ()


def loss_in_words(lost: Sequence[str]) -> str:
    """The end of a sentence on what is `not_kept`, which must be something."""
    *most, last = lost
    listed = f"{', '.join(most)} and {last}" if most else last
    return f"has no place for {listed}; save as .tif too."


def as_mask_uint8(labels: ArrayLike) -> ArrayLike:
    """A mask as it is stored: 255 = cell where a label is not 0, 0 = membrane.

    Parameters
    ----------
    labels : (Z, Y, X) array of bool or int
        Numpy, or lazy, which stays lazy.

    Returns
    -------
    (Z, Y, X) array of uint8
    """
    return (labels != 0).astype(np.uint8) * np.uint8(255)


def as_ids(labels: ArrayLike) -> ArrayLike:
    """Instance ids as the smaller of uint16 and uint32 that holds them.

    Raises
    ------
    WriteError
        If an id is negative or above 4294967295.
    """
    lowest, highest = _range(labels)
    if lowest < 0 or highest > np.iinfo(np.uint32).max:
        raise WriteError(
            f"labels: expected ids from 0 to {np.iinfo(np.uint32).max}, received {lowest} to "
            f"{highest}; give the cells new ids first"
        )
    return labels.astype(np.uint16 if highest <= np.iinfo(np.uint16).max else np.uint32)


def _range(labels: ArrayLike) -> tuple[int, int]:
    # slice by slice, so that a lazy stack is never held as a whole
    ranges = [_range_of(np.asarray(labels[z])) for z in range(labels.shape[0])]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _range_of(labels: npt.NDArray[Any]) -> tuple[int, int]:
    return int(labels.min()), int(labels.max())


def _format_for(path: AnyPath, slice_ending: str) -> WritableFormat:
    found = format_to_write(path, slice_ending)
    if found is None:
        raise WriteError(
            f"{path}: expected a path that ends in {', '.join(stack_endings())} or in / for a "
            f"folder of slices, received the ending {ending(path)!r}"
        )
    if not isinstance(found, WritableFormat):
        raise WriteError(f"{path}: {found.name} is only read; write to a .tif instead")
    return found


def refuse_inputs(out: Path, sources: Sequence[AnyPath]) -> None:
    """Raise `WriteError` where ``out`` is, holds, or lies in one of the inputs."""
    place = out.resolve()
    image = image_that_holds(place)
    for source in sources:
        taken = Path(Location.of(source).place).resolve()
        # labels beside the levels of an image are no change of it
        if image is not None and taken in (image, *image.parents):
            continue
        if place == taken or place in taken.parents or taken in place.parents:
            raise WriteError(
                f"{out}: is, holds, or lies in the input {source}, which is never written to; "
                "choose another place"
            )


def _native_dtype(data: ArrayLike) -> ArrayLike:
    dtype = np.dtype(data.dtype)
    return data if dtype.isnative else data.astype(dtype.newbyteorder("="))
