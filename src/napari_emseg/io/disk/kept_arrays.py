"""Arrays that take long to make and are asked for again and again, kept in files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, write_atomically

Arrays = tuple[npt.NDArray[Any], ...]
_T = TypeVar("_T")


class KeptArrays(Mapping[int, _T], Generic[_T]):
    """Things made of arrays, by number.

    The arrays are made when they are first asked for, and from then on read from files. These are
    mapped into memory: of each only what is looked at is read, and the system forgets it
    where memory is short. Where a file cannot be written the arrays are made anew each time.

    Parameters
    ----------
    folder : Path
        Where the files lie; made where it is not there.
    numbers : sequence of int
        What there is.
    make : callable
        Makes the arrays of a number, always as many.
    count : int
        How many.
    build : callable
        Makes of these arrays what is asked for.
    """

    def __init__(
        self,
        folder: Path,
        numbers: Sequence[int],
        make: Callable[[int], Arrays],
        *,
        count: int,
        build: Callable[..., _T],
    ) -> None:
        self._folder, self._numbers = folder, numbers
        self._make, self._count, self._build = make, count, build

    def __getitem__(self, number: int) -> _T:
        if number not in self._numbers:
            raise KeyError(number)
        paths = [self._folder / f"{number}-{k}.npy" for k in range(self._count)]
        if not all(path.exists() for path in paths):
            made = self._make(number)
            if not self._write(paths, made):
                return self._build(*made)
        return self._build(*(np.asarray(np.load(path, mmap_mode="r")) for path in paths))

    def _write(self, paths: Sequence[Path], arrays: Arrays) -> bool:
        try:
            with as_write_error(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
            for path, array in zip(paths, arrays, strict=True):
                _write(path, array)
        except WriteError:
            return False
        return True

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def _write(path: Path, array: npt.NDArray[Any]) -> None:
    def save(to: Path) -> None:
        with to.open("wb") as file:  # np.save would add an ending to its name
            np.save(file, array)

    write_atomically(path, save)
