"""Reading a stack from a file or a folder, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.errors import ReadError, as_read_error
from napari_emseg.io.disk.unfinished import finished_slices
from napari_emseg.io.formats.file_format import AnyPath, FileFormat, RemoteFormat, natural_key
from napari_emseg.io.formats.folder import order_of_files
from napari_emseg.io.formats.registry import FOLDER, format_of, stack_endings, stem_of
from napari_emseg.io.kinds import as_shown, guess_kind, is_mask_on_disk, normalised_labels
from napari_emseg.io.layout.arrays import Loaded, check_dtype, check_shape
from napari_emseg.io.layout.axes import by_hand, by_place, meant, zyx_by_names
from napari_emseg.io.layout.location import Location
from napari_emseg.io.layout.partners import compare_numbers
from napari_emseg.io.layout.voxels import challenge_voxel_size, checked_voxel_size
from napari_emseg.types import Stack, StackKind, VoxelSize


def read_stack(
    path: AnyPath,
    *,
    kind: StackKind | None = None,
    voxel_size_nm: VoxelSize | None = None,
    raw_values: bool = False,
    level: int | None = None,
) -> Stack:
    """Read a stack; the file is never written to.

    Parameters
    ----------
    path : path
        A file or a folder in one of the formats of `formats.registry`, or the address
        (``https://``, ``s3://``) of a zarr. What is meant of it may follow after ``::``: a data set
        (``a.h5::/volumes/raw``), a level (``a.zarr::1``), a channel (``a.tif::c=0``), or the order
        of its axes (``a.npy::yxz``).
    kind : {"image", "labels"}, optional
        Grey values or labels; guessed from the name and the values where not given.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, instead of what the file says. Where neither says, a file
        with a name and a shape of the ISBI 2012 challenge has its (50, 4, 4) nm.
    raw_values : bool
        Keep labels as stored. Otherwise a mask becomes uint8 with 1 = cell and 0 = membrane, and
        whole numbers in floats become integers; ids keep their values.
    level : int, optional
        Which level of an image of several, 0 being the finest and the default.

    Returns
    -------
    Stack
        Data (Z, Y, X) as bool, integer or float in the machine's byte order, as they are shown;
        lazy for a zarr and where larger than `LAZY_BYTES`. Its notes say what was guessed.

    Raises
    ------
    ReadError
        If there is no such path, or it cannot be read as a stack; the message says why.
    MemoryShortError
        If memory is too short for what the file says that it holds.
    SettingError
        If ``voxel_size_nm`` is not three positive numbers.

    Examples
    --------
    >>> import napari_emseg as em
    >>> from napari_emseg.io.samples import phantom_path
    >>> em.read_stack(phantom_path("labels"))
    Stack('phantom_labels', labels (8, 512, 512) uint8, voxel_size_nm=(50.0, 4.0, 4.0))
    """
    where = Location.of(path)
    if level:  # 0 is what all formats read where nothing is said
        where = replace(where, part=f"{where.part}/level={level}".lstrip("/"))
    with as_read_error(where.place):
        return _as_stack(where, _loaded(where), kind, voxel_size_nm, raw_values)


def read_slices(
    paths: Sequence[AnyPath],
    *,
    kind: StackKind | None = None,
    voxel_size_nm: VoxelSize | None = None,
    raw_values: bool = False,
) -> Stack:
    """Read files of one slice each as a stack, in natural order; else as `read_stack`.

    The stack is called like the files' folder.
    """
    if not paths:
        raise ReadError("paths: expected one file or more, received none")
    files = sorted((Path(path) for path in paths), key=natural_key)
    folder = Location(str(files[0].parent))
    with as_read_error(folder.place):
        for file in files:
            _check_exists(file)
        return _as_stack(folder, FOLDER.read_files(files), kind, voxel_size_nm, raw_values)


def check_partners(images: AnyPath, labels: AnyPath) -> tuple[str, ...]:
    """Compare the numbers of slices in two folders, such as images and their labels.

    Parameters
    ----------
    images, labels : path
        What `read_stack` reads; of other things than two folders of numbered slices nothing is
        known.

    Returns
    -------
    tuple of str
        What a person is to be told, a sentence each.

    Raises
    ------
    ReadError
        If one has numbers that the other lacks.
    """
    return compare_numbers(images, labels, _numbers_of(images), _numbers_of(labels))


def _numbers_of(path: AnyPath) -> tuple[Decimal, ...]:
    where = Location.of(path)
    if where.is_remote or not where.path.is_dir() or format_of(where.path) is not FOLDER:
        return ()
    return order_of_files(FOLDER.files_in(where.path)).numbers


def _loaded(where: Location) -> Loaded:
    """What a place holds, as (Z, Y, X)."""
    if where.is_remote:
        found = _remote(where).read_remote(where.place, where.part)
    else:
        known = _format_of(where.path)
        found = known.read_part(where.path, where.part) if where.part else known.read(where.path)
    place = where.place
    check_dtype(place, found.data.dtype)
    check_shape(place, found.data.shape, found.data.dtype)
    return _arranged(where, found)


def _arranged(where: Location, loaded: Loaded) -> Loaded:
    """What was loaded, as (Z, Y, X)."""
    place, notes = where.place, loaded.notes
    if where.axes:
        data, said = by_hand(place, loaded.data, where.axes, where.channel)
        notes = (*notes, *said)
    elif meant(loaded.axes) is not None:
        data, said = zyx_by_names(place, loaded.data, loaded.axes or (), where.channel)
        notes = (*notes, *said)
    elif where.channel is not None:
        raise ReadError(f"{place}: its axes have no names, so that there is no channel to take")
    else:
        data = by_place(place, loaded.data)
    if isinstance(data, np.ndarray) and not isinstance(data, np.memmap):
        data = np.ascontiguousarray(data)
    return replace(loaded, data=data, axes=("z", "y", "x"), notes=notes)


def _as_stack(
    where: Location,
    loaded: Loaded,
    kind: StackKind | None,
    voxel_size_nm: VoxelSize | None,
    raw_values: bool,
) -> Stack:
    data, name, notes = loaded.data, stem_of(where.place), loaded.notes
    assumed = loaded.thickness_assumed and voxel_size_nm is None
    if voxel_size_nm is not None:
        voxel_size_nm = checked_voxel_size(voxel_size_nm)
    else:
        known = loaded.voxel_size_nm
        voxel_size_nm = known or challenge_voxel_size(name, data.shape, data.dtype)
    kind = kind or loaded.kind or guess_kind(data, f"{name} {loaded.about}")
    if loaded.min_is_white and (kind == "image" or is_mask_on_disk(data)):
        data = as_shown(data)
        notes = (*notes, "Read as it is shown: the file says that low values are bright.")
    if assumed and len(data) > 1 and voxel_size_nm is not None:
        notes = (*notes, f"No section thickness is recorded; taken for {voxel_size_nm[0]:g} nm.")
    if kind == "labels" and not raw_values:
        data = normalised_labels(data)
    predicted = None if where.is_remote else finished_slices(where.path)
    if predicted is None:
        predicted = _predicted(loaded.predicted, len(data))
    return Stack(
        data, voxel_size_nm, name, kind, loaded.edits, assumed, notes, loaded.origin, predicted
    )


def _predicted(note: Any, count: int) -> tuple[int, ...] | None:
    """The slices that are noted, where they are slices of this stack."""
    if not isinstance(note, list) or not all(type(z) is int and 0 <= z < count for z in note):
        return None
    return tuple(sorted(set(note)))


def _remote(where: Location) -> RemoteFormat:
    found = format_of(where.place)
    if not isinstance(found, RemoteFormat):
        raise ReadError(
            f"{where.place}: expected the address of a zarr (or precomputed://...), received "
            f"another; download the file first"
        )
    return found


def _format_of(path: Path) -> FileFormat:
    _check_exists(path)
    found = format_of(path)
    is_file = path.is_file()
    if found is None or (found is FOLDER and is_file):
        raise ReadError(
            f"{path}: expected a folder of slices or a file ending in "
            f"{', '.join(stack_endings())}, received the ending {path.suffix or '(none)'!r}; save "
            "the stack as TIFF"
        )
    if found.is_folder and is_file:
        raise ReadError(f"{path}: expected a {found.name} folder, received a file; unpack it first")
    return found


def _check_exists(path: Path) -> None:
    if not path.exists():
        raise ReadError(f"{path}: no such file or folder; check the path")
    if not (path.is_file() or path.is_dir()):
        raise ReadError(f"{path}: expected a file or a folder, received a pipe or a device")
    if path.is_file() and path.stat().st_size == 0:
        raise ReadError(f"{path}: the file is empty (0 bytes); copy or save it again")
