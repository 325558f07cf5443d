"""HDF5: CREMI's and ilastik's files, and others that hold arrays; read lazily where large.

Written is CREMI's layout: grey values at ``/volumes/raw``, labels at
``/volumes/labels/neuron_ids``, each with the voxel size (Z, Y, X) in nm as its attribute
``resolution``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError
from napari_emseg.io.disk.room import require_free, reserve_bytes
from napari_emseg.io.formats.file_format import Put, WritableFormat, is_large
from napari_emseg.io.layout.arrays import (
    Loaded,
    as_dask,
    check_dtype,
    check_shape,
    native,
    note_or_none,
)
from napari_emseg.io.layout.location import SEPARATOR
from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import RecordedSize, recorded_size, without_unit
from napari_emseg.types import Stack, StackKind

DATA_SETS = {"image": "volumes/raw", "labels": "volumes/labels/neuron_ids"}
"""Where CREMI has grey values and labels."""

_KIND, _ASSUMED = "napari_emseg_kind", "napari_emseg_assumed"
_EDITS, _ORIGIN = "napari_emseg_edits", "napari_emseg_origin"
_PREDICTED = "napari_emseg_predicted"
_CHUNK = 512
_BESIDE, _BESIDE_A_CHUNK = 2**20, 200
"""Bytes of a file beside its pixels, in all and a chunk: more than headers and index take."""
_MOST_NAMED = 12
_CHUNK_OVERHEAD = 4096
"""Bytes that filters may add to a chunk which they cannot pack."""


class Hdf5(WritableFormat):
    """A stack in an HDF5 file, as one of its data sets."""

    name = "HDF5 file"
    endings = (".h5", ".hdf5", ".hdf")

    def read(self, path: Path) -> Loaded:
        return self.read_part(path, "")

    def read_part(self, path: Path, part: str) -> Loaded:
        return read_hdf5(path, part)

    def make(self, path: Path, stack: Stack) -> None:
        import h5py

        chunk = 1, *(min(length, _CHUNK) for length in stack.shape[1:])
        counts = [-(-length // edge) for length, edge in zip(stack.shape, chunk, strict=True)]
        n_bytes = math.prod(counts) * math.prod(chunk) * np.dtype(stack.data.dtype).itemsize
        notes = {_EDITS: stack.edits, _ORIGIN: stack.origin, _PREDICTED: stack.predicted}
        texts = {key: json.dumps(note) for key, note in notes.items() if note is not None}
        beside = _BESIDE + _BESIDE_A_CHUNK * math.prod(counts) + sum(map(len, texts.values()))
        # over a disk that becomes full the library of HDF5 crashes the process: all is taken first
        require_free(path, n_bytes + beside)
        path.touch()
        reserve_bytes(path, beside)
        at_once = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        at_once.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        with h5py.File(path, "w") as file:
            data = file.create_dataset(
                DATA_SETS[stack.kind], stack.shape, np.dtype(stack.data.dtype), chunks=chunk,
                dcpl=at_once,
            )  # fmt: skip
            for axis, name in zip(data.dims, "zyx", strict=True):
                axis.label = name
            data.attrs[_KIND] = stack.kind
            if stack.voxel_size_nm is not None:
                data.attrs["resolution"] = stack.voxel_size_nm
                data.attrs["unit"] = "nm"
                data.attrs[_ASSUMED] = stack.thickness_assumed
            data.attrs.update(texts)
        reserve_bytes(path, path.stat().st_size)

    @contextmanager
    def fill(self, path: Path, stack: Stack) -> Iterator[Put]:
        import h5py

        with h5py.File(path, "r+") as file:
            data = file[DATA_SETS[stack.kind]]

            def put(z: int, pixels: npt.NDArray[Any]) -> None:
                data[z] = pixels
                file.flush()

            yield put


def read_hdf5(path: Path, part: str = "") -> Loaded:
    """Read a data set of an HDF5 file.

    Parameters
    ----------
    path : Path
        The file.
    part : str
        Path of the data set within; empty where there is only one that may be a stack.

    Raises
    ------
    ReadError
        If it is no HDF5 file, has no such data set, or several of which none was chosen; or if the
        pixels lie in another file, or need a filter that is not installed.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ReadError(
            f"{path}: not an HDF5 file, or one that is truncated or being written ({error}); check "
            "what the file is"
        ) from error
    try:
        data = _found(path, file, part)
        about = _recorded(data)
        if is_large(data.nbytes):
            # the file stays open as long as the data set lives
            return replace(about, data=native(_lazily(data)))
        loaded = replace(about, data=native(_pixels(path, data)))
    except BaseException:
        file.close()
        raise
    file.close()
    return loaded


def _found(path: Path, file: Any, part: str) -> Any:
    import h5py

    if part:
        _refuse_other_file(path, file, part)
        found = file.get(part)
        if isinstance(found, h5py.Dataset):
            return _checked(path, found)
        inside = _candidates(found if isinstance(found, h5py.Group) else file)
        if not isinstance(found, h5py.Group) or len(inside) != 1:
            what = "is a group" if isinstance(found, h5py.Group) else "is not in it"
            raise ReadError(f"{path}: {part!r} {what}; it holds {_listed(inside)}")
        return _checked(path, inside[0])
    candidates = _candidates(file)
    if len(candidates) != 1:
        _refuse_links(path, file, candidates)
        example = candidates[0].name if candidates else "/NAME"
        raise ReadError(
            f"{path}: expected one data set that may be a stack, received {_listed(candidates)}; "
            f"choose one, such as {path.name}{SEPARATOR}{example}"
        )
    return _checked(path, candidates[0])


def _candidates(group: Any) -> list[Any]:
    """Data sets of numbers with two axes and more that are longer than 1; ours, however small."""
    import h5py

    found: list[Any] = []

    def look(_: str, each: Any) -> None:
        if isinstance(each, h5py.Dataset) and each.dtype.kind in "biuf":
            long = [length for length in each.shape or () if length > 1]
            if 2 <= len(each.shape or ()) <= 5 and (len(long) >= 2 or _KIND in each.attrs):
                found.append(each)

    # does not follow links, so that none is met twice, or lies elsewhere
    group.visititems(look)
    pictures = [each for each in found if min(sorted(each.shape)[-2:]) > 4]
    return pictures or found


def _listed(data_sets: Sequence[Any]) -> str:
    named = [f"{each.name} {each.shape} {each.dtype}" for each in data_sets[:_MOST_NAMED]]
    more = len(data_sets) - _MOST_NAMED
    return (", ".join(named) or "none") + (f" and {more} more" if more > 0 else "")


def _refuse_other_file(path: Path, file: Any, part: str) -> None:
    """A link on the way that leads into another file."""
    import h5py

    names = part.strip("/").split("/")
    for n in range(1, len(names) + 1):
        link = file.get("/".join(names[:n]), getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise ReadError(
                f"{path}: {part!r} lies in another file, {link.filename}; open that file itself"
            )
        if link is None:
            return


def _refuse_links(path: Path, file: Any, candidates: Sequence[Any]) -> None:
    import h5py

    if candidates:
        return
    for name in file:
        if isinstance(file.get(name, getlink=True), h5py.ExternalLink):
            _refuse_other_file(path, file, name)


def _checked(path: Path, data: Any) -> Any:
    """A data set whose pixels are in this file and can be decoded."""
    import h5py

    check_dtype(path, data.dtype)
    check_shape(path, data.shape, data.dtype)
    if data.external or data.is_virtual:
        raise ReadError(
            f"{path}: the pixels of {data.name} lie in other files, which are not followed; open "
            "those files themselves"
        )
    settings = data.id.get_create_plist()
    for i in range(settings.get_nfilters()):
        number, _, _, name = settings.get_filter(i)
        if not h5py.h5z.filter_avail(number):
            called = name.decode(errors="replace").split(";")[0] or f"number {number}"
            raise ReadError(
                f"{path}: {data.name} is compressed by {called}, which is not installed; "
                "pip install hdf5plugin and import it, or save the data set with gzip (h5repack)"
            )
    if data.chunks and hasattr(data.id, "chunk_iter"):  # with HDF5 1.12.3 and later
        _require_chunks(path, data)
    return data


def _require_chunks(path: Path, data: Any) -> None:
    """Raise `ReadError` where one is stored in more bytes than it has: it unpacks to far more."""
    most = 1.1 * math.prod(data.chunks) * data.dtype.itemsize + _CHUNK_OVERHEAD

    def check(chunk: Any) -> None:
        if chunk.size > most:
            raise ReadError(
                f"{path}: a chunk of {data.name} is damaged, it takes {chunk.size} bytes and "
                f"holds {data.chunks} pixels; copy or save the file again"
            )

    data.id.chunk_iter(check)


def _lazily(data: Any) -> Any:
    return as_dask(data) if data.ndim == 3 else _by_chunks(data)


def _by_chunks(data: Any) -> Any:
    import dask.array

    return dask.array.from_array(data, chunks=data.chunks or "auto", name=False)


def _pixels(path: Path, data: Any) -> npt.NDArray[Any]:
    try:
        return np.asarray(data[()])
    except OSError as error:
        raise ReadError(
            f"{path}: the pixels of {data.name} are truncated or damaged ({error}); copy it again"
        ) from error


def _recorded(data: Any) -> Loaded:
    axes = _axes(data)
    size = _size(data, axes)
    kind = _text(data.attrs.get(_KIND))
    known: StackKind | None = "labels" if kind == "labels" else "image" if kind == "image" else None
    if known is None and data.name.strip("/") in DATA_SETS.values():
        known = "image" if data.name.strip("/") == DATA_SETS["image"] else "labels"
    return Loaded(
        None, size.voxel_size_nm, known, note_or_none(_noted(data, _EDITS)), axes,
        size.thickness_assumed, about=str(data.name), notes=size.notes,
        origin=note_or_none(_noted(data, _ORIGIN)), predicted=_noted(data, _PREDICTED),
    )  # fmt: skip


def _noted(data: Any, name: str) -> Any:
    """What an attribute of ours holds as JSON."""
    try:
        return json.loads(_text(data.attrs.get(name)) or "null")
    except ValueError:
        return None


def _axes(data: Any) -> tuple[str, ...] | None:
    """Names of axes, as vigra and ilastik write them, or as HDF5's own labels of dimensions."""
    tags = _text(data.attrs.get("axistags"))
    if tags:
        try:
            return tuple(str(axis["key"]) for axis in json.loads(tags)["axes"])
        except (ValueError, KeyError, TypeError):
            pass
    labels = tuple(axis.label for axis in data.dims)
    return labels if all(labels) and labels else None


def _size(data: Any, axes: Sequence[str] | None) -> RecordedSize:
    """From ``resolution`` as CREMI writes it, or ``element_size_um`` as Fiji and ilastik do."""
    spatial = [name.lower() for name in axes or "zyx" if name.lower() in "zyx"]
    for key, factor in (("resolution", _unit_nm(data)), ("element_size_um", 1e3)):
        lengths = data.attrs.get(key)
        if lengths is None or np.shape(lengths) != (3,):
            continue
        numbers = [float(each) for each in lengths]
        if factor is None:
            return without_unit(numbers)
        # as the axes lie where their names are all there
        order = spatial if sorted(spatial) == ["x", "y", "z"] and key == "resolution" else "zyx"
        nm = dict(zip(order, (each * factor for each in numbers), strict=True))
        assumed = bool(data.attrs.get(_ASSUMED, False))
        return recorded_size(nm["z"], nm["y"], nm["x"])._replace(thickness_assumed=assumed)
    return RecordedSize()


def _unit_nm(data: Any) -> float | None:
    """CREMI writes nm, and no unit."""
    unit = data.attrs.get("unit", data.attrs.get("units"))
    return 1.0 if unit is None else nm_per_unit(_text(unit))


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size:
        value = value.ravel()[0]
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
