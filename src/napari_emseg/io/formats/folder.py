"""A folder, or a list of files, of one slice each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.disk.atomic import (
    as_write_error,
    moving_into,
    replacing_file,
    replacing_folder,
)
from napari_emseg.io.formats.file_format import (
    Put,
    SliceFormat,
    SliceInfo,
    SliceReader,
    WritableFormat,
    ending,
    is_large,
    natural_key,
)
from napari_emseg.io.layout.arrays import Loaded, as_dask
from napari_emseg.io.layout.slice_names import SliceOrder, slice_order
from napari_emseg.types import Stack


@dataclass(frozen=True)
class Folder(WritableFormat):
    """Slices as files in a folder, which may hold other things too.

    Parameters
    ----------
    slices : tuple of SliceReader
        Those that are read.
    written : SliceFormat
        The one that is written.
    """

    slices: tuple[SliceReader, ...]
    written: SliceFormat
    name = "folder of slices"
    is_folder = True

    @property
    def slice_endings(self) -> tuple[str, ...]:
        """Endings of the slices."""
        return tuple(each for known in self.slices for each in known.endings)

    def holds(self, folder: Path) -> bool:
        return bool(self.files_in(folder))

    def files_in(self, folder: Path) -> list[Path]:
        """The slices in a folder in natural order; hidden files and other endings are left out."""
        found = [
            path
            for path in folder.iterdir()
            if ending(path) in self.slice_endings
            and not path.name.startswith(".")
            and path.is_file()
        ]
        return sorted(found, key=natural_key)

    def read(self, path: Path) -> Loaded:
        """Read the slices of a folder, in the order of their numbers, as a stack.

        Raises
        ------
        ReadError
            If there are none, or they differ in format, size or dtype, or one is not a grey slice,
            or their names are not those of one stack.
        """
        files = self.files_in(path)
        if not files:
            raise ReadError(
                f"{path}: expected a folder of slices, received one without any "
                f"{', '.join(self.slice_endings)} file in it; give the folder that holds the slices"
            )
        return self.read_files(files)

    def read_files(self, files: Sequence[Path]) -> Loaded:
        """Read files of one slice each as a stack; raises as `read`."""
        one = self._only_format(files)
        named = order_of_files(files)
        files = [files[i] for i in named.order]
        slices = _Slices(files, one)
        first = one.about_slices(files[0])
        lazy = is_large(int(np.prod(slices.shape)) * slices.dtype.itemsize)
        return replace(
            first,
            data=as_dask(slices) if lazy else slices[:],
            axes=("z", "y", "x"),
            min_is_white=slices.min_is_white,
            notes=(*named.notes, *first.notes),
        )

    def check(self, path: Path, stack: Stack) -> None:
        self.written.check_dtype(path, np.dtype(stack.data.dtype))

    def not_kept(self, stack: Stack) -> tuple[str, ...]:
        return self.written.not_kept(stack)

    def check_place(self, path: Path, stack: Stack, *, overwrite: bool) -> None:
        """Raise `WriteError` where other slices would mix with ours, and as it is declared."""
        if not path.is_dir():
            super().check_place(path, stack, overwrite=overwrite)
            return
        with as_write_error(path):
            present = self.files_in(path)
        _check_mix(path, present, set(self._names(len(stack))), overwrite)

    def replacing(self, path: Path) -> AbstractContextManager[Path]:
        """As declared; what else lies in an existing folder stays."""
        return moving_into(path) if path.exists() else replacing_folder(path)

    def replaced(self, folder: Path, stack: Stack) -> Iterator[Path]:
        """The slices, and nothing else."""
        return (folder / name for name in self._names(len(stack)))

    def make(self, path: Path, stack: Stack) -> None:
        """Nothing but the folder: a slice comes into being when it is written."""
        path.mkdir(exist_ok=True)

    @contextmanager
    def fill(self, path: Path, stack: Stack) -> Iterator[Put]:
        """As declared; a file is there whole or not at all."""
        files = [path / name for name in self._names(len(stack))]

        def put(z: int, pixels: npt.NDArray[Any]) -> None:
            with replacing_file(files[z]) as beside:
                self.written.write_slice(beside, stack.with_data(pixels[None]))

        yield put

    def _names(self, n: int) -> Iterator[str]:
        return slice_names(n, self.written.endings[0])

    def _only_format(self, files: Sequence[Path]) -> SliceReader:
        """The one format of all files."""
        first: dict[SliceReader, Path] = {}
        for path in files:
            known = next((each for each in self.slices if ending(path) in each.endings), None)
            if known is None:
                expected = ", ".join(self.slice_endings)
                raise ReadError(f"{path}: expected slices as {expected}; save it as one")
            first.setdefault(known, path)
        if len(first) > 1:
            found = [f"{each.name} ({first[each].name})" for each in self.slices if each in first]
            raise ReadError(
                f"{files[0].parent}: expected slices of one format, received both "
                f"{' and '.join(found)}; keep each stack in a folder of its own"
            )
        return next(iter(first))


class _Slices:
    """Files as an array (Z, Y, X) of which slices are loaded when they are asked for."""

    def __init__(self, files: Sequence[Path], one: SliceReader) -> None:
        infos = [one.slice_info(path) for path in files]
        _check_equal(files, infos)
        self.files = list(files)
        self.dtype = _common_dtype([info.dtype for info in infos])
        self.shape = (len(files), *infos[0].shape)
        self.min_is_white = infos[0].min_is_white
        self.ndim = 3
        self._read: Callable[[Path], npt.NDArray[Any]] = one.read_slice

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        keys = key if isinstance(key, tuple) else (key,)
        which = range(len(self.files))[keys[0]]
        if isinstance(which, int):
            return self._load(which)[keys[1:]]
        out = np.empty((len(which), *self.shape[1:]), self.dtype)
        for i, z in enumerate(which):
            out[i] = self._load(z)
        return out[(slice(None), *keys[1:])]

    def _load(self, z: int) -> npt.NDArray[Any]:
        pixels = self._read(self.files[z])
        if pixels.dtype == np.bool_ and self.dtype != np.bool_:
            # optimisers of PNGs store a slice of nothing but 0 and 255 with one bit
            return np.where(pixels, 255, 0).astype(self.dtype)
        return pixels


def slice_names(n: int, slice_ending: str) -> Iterator[str]:
    """``slice_0000.png`` and so on, with as many digits as ``n`` slices need."""
    digits = max(4, len(str(n - 1)))
    return (f"slice_{z:0{digits}d}{slice_ending}" for z in range(n))


def _check_mix(folder: Path, present: Sequence[Path], names: set[str], overwrite: bool) -> None:
    foreign = [file.name for file in present if file.name not in names]
    if foreign:
        raise WriteError(
            f"{folder}: holds {foreign[0]}"
            f"{f' and {len(foreign) - 1} more slices' if len(foreign) > 1 else ''}, which would "
            "mix with those to be written; choose an empty folder"
        )
    if present and not overwrite:
        raise WriteError(
            f"{folder}: holds {present[0].name} already; choose an empty folder, or allow to "
            "overwrite it"
        )


def order_of_files(files: Sequence[Path]) -> SliceOrder:
    """Order of slices by the numbers in their names; `ReadError` where they are no one stack.

    Of files from several folders, the folders' names count too.
    """
    if not files:
        return SliceOrder(())
    folders = {path.parent for path in files}
    shared = Path(os.path.commonpath([path.parent for path in files]))
    names = [path.relative_to(shared).with_suffix("").as_posix() for path in files]
    return slice_order(shared if len(folders) > 1 else files[0].parent, names)


def _check_equal(files: Sequence[Path], infos: Sequence[SliceInfo]) -> None:
    first = infos[0]
    mixable = {np.dtype(np.bool_), np.dtype(np.uint8)}
    for path, other in zip(files, infos, strict=True):
        same_dtype = other.dtype == first.dtype or {first.dtype, other.dtype} == mixable
        if other.shape != first.shape or not same_dtype:
            raise ReadError(
                f"{path.parent}: expected slices of one size and dtype, received {files[0].name} "
                f"with {first.shape} {first.dtype} and {path.name} with {other.shape} "
                f"{other.dtype}; crop or convert them alike, or keep each stack in a folder of its "
                "own"
            )
        if other.min_is_white != first.min_is_white:
            raise ReadError(
                f"{path.parent}: low values are shown bright in one of {files[0].name} and "
                f"{path.name} (photometric MinIsWhite), and dark in the other; save them alike"
            )


def _common_dtype(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    return max(dtypes, key=lambda dtype: dtype != np.bool_)
