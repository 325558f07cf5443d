"""What a file format is: how it is recognised, read, and written slice by slice.

Each format has a module of its own here and a line in `registry`. What is heavy is imported by the
methods that need it: the names alone must cost nothing when napari starts.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.disk.atomic import replacing_file, replacing_folder
from napari_emseg.io.disk.lock import LOCK
from napari_emseg.io.layout.arrays import Loaded
from napari_emseg.types import AnyPath as AnyPath
from napari_emseg.types import Stack

Put: TypeAlias = Callable[[int, npt.NDArray[Any]], None]
"""Writes pixels (Y, X) as the slice of that number.

When it returns, they are with the system; where a slice has files of its own, on the disk.
"""

EDITS = "what is edited and reviewed"
NAMES = "what the classes are called"
"""Those of `said_beside_pixels` that a person's work hangs on."""

LAZY_BYTES = 256 * 2**20
"""Stacks with more bytes than this are not loaded, but read as they are looked at."""


class FileFormat(ABC):
    """A way in which stacks lie on disk."""

    name: ClassVar[str]
    """What messages call it."""

    endings: ClassVar[tuple[str, ...]] = ()
    """Endings of its paths, with their dot and in lower case."""

    is_folder: ClassVar[bool] = False
    """Whether a stack is a folder, and not a single file."""

    def holds(self, folder: Path) -> bool:
        """Whether an existing folder is a stack of this format, whatever it is called."""
        return False

    @abstractmethod
    def read(self, path: Path) -> Loaded:
        """Read a stack, a large one lazily.

        Raises
        ------
        ReadError
            If it is damaged, or no stack of grey values or labels.
        """

    def read_part(self, path: Path, part: str) -> Loaded:
        """Read one of several stacks or levels within a path, by its own path or number.

        Raises
        ------
        ReadError
            As `read`; or if there is no such part, as in most formats.
        """
        raise ReadError(f"{path}: a {self.name} holds one stack; leave out {part!r}")


class RemoteFormat(FileFormat):
    """A format that is read from an address, too."""

    @abstractmethod
    def read_remote(self, address: str, part: str) -> Loaded:
        """Read from an address (``https://``, ``s3://``), lazily; raises as `read`."""


class WritableFormat(FileFormat):
    """A format that is written too.

    An output can be filled later, by another process, and by slices in any order; so a writing that
    was stopped can go on.
    """

    def check(self, path: Path, stack: Stack) -> None:
        """Raise `WriteError` where a stack has a shape or dtype that the format does not hold."""

    @abstractmethod
    def make(self, path: Path, stack: Stack) -> None:
        """Make an output of zeros with what the format has room for of a stack, save its pixels.

        It takes no space for the pixels yet, where the file system can do without.
        """

    @abstractmethod
    def fill(self, path: Path, stack: Stack) -> AbstractContextManager[Put]:
        """Open what `make` has made; gives what writes its slices."""

    def not_kept(self, stack: Stack) -> tuple[str, ...]:
        """What a stack says beside its pixels that the format has no place for, in words."""
        return ()

    def finish(self, path: Path, stack: Stack) -> None:
        """Note an output that is whole, at its final path, where others look for it."""

    def check_place(self, path: Path, stack: Stack, *, overwrite: bool) -> None:
        """Raise `WriteError` where ``path`` cannot be, or must not be replaced."""
        folder = path.absolute().parent
        if not folder.is_dir():
            raise WriteError(f"{path}: the folder {folder} does not exist; make it first")
        if not path.exists() or (path.is_dir() and _is_empty(path)):
            return
        if path.is_dir() != self.is_folder or (self.is_folder and not self.holds(path)):
            raise WriteError(f"{path}: exists and is something else; choose another path")
        if not overwrite:
            raise WriteError(
                f"{path}: exists already; choose another path, or allow to overwrite it",
                overwrite=True,
            )

    def replacing(self, path: Path) -> AbstractContextManager[Path]:
        """A place to write to, from where all is moved to ``path`` in the end."""
        return replacing_folder(path) if self.is_folder else replacing_file(path)

    def replaced(self, folder: Path, stack: Stack) -> Iterable[Path]:
        """What goes from an existing folder where a stack is written into it."""
        return list(folder.iterdir())


class SliceInfo(NamedTuple):
    """What the header of a file of one slice says."""

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    min_is_white: bool = False


class SliceReader(FileFormat):
    """A format of single files that may be the slices of a folder."""

    @abstractmethod
    def slice_info(self, path: Path) -> SliceInfo:
        """Shape (Y, X) and dtype of a file of one slice, without its pixels.

        Raises
        ------
        ReadError
            If it is no grey slice.
        """

    @abstractmethod
    def read_slice(self, path: Path) -> npt.NDArray[Any]:
        """Pixels (Y, X) of a file of one slice; raises as `slice_info`."""

    def about_slices(self, path: Path) -> Loaded:
        """One slice, with what its file records of the voxel size, the kind, and what to say."""
        return Loaded(self.read_slice(path)[None])


class SliceFormat(SliceReader, WritableFormat):
    """A format of slices that is written too."""

    dtypes: ClassVar[tuple[str, ...]]
    """Names of the dtypes that it holds."""

    @abstractmethod
    def check_dtype(self, path: Path, dtype: np.dtype[Any]) -> None:
        """Raise `WriteError` for a dtype that it does not hold."""

    def write_slice(self, path: Path, one: Stack) -> None:
        """Write a stack of one slice."""
        self.make(path, one)
        with self.fill(path, one) as put:
            put(0, one.slice(0))


@contextmanager
def put_at(path: Path, offsets: Sequence[int]) -> Iterator[Put]:
    """Write slices to their places in a file; ``offsets`` says where each begins, in bytes."""
    # written and not mapped: on a full disk a write is an error, a page of a map a crash
    with path.open("r+b") as file:

        def put(z: int, pixels: npt.NDArray[Any]) -> None:
            file.seek(offsets[z])
            file.write(np.ascontiguousarray(pixels).data)
            file.flush()

        yield put


def said_beside_pixels(stack: Stack) -> tuple[str, ...]:
    """All that a stack says beside its pixels, in words."""
    said = {
        "the voxel size": stack.voxel_size_nm is not None,
        "the note that these are labels": stack.kind == "labels",
        EDITS: stack.edits_alone is not None,
        NAMES: bool(stack.class_names),
        "which slices are predicted": stack.predicted is not None,
        "which model made it of what": stack.origin is not None,
    }
    return tuple(words for words, is_said in said.items() if is_said)


def _is_empty(folder: Path) -> bool:
    """Whether nothing lies there save a lock."""
    return all(each.name.startswith(LOCK) for each in folder.iterdir())


def is_large(n_bytes: int) -> bool:
    """Whether a stack of this size is read lazily."""
    return n_bytes > LAZY_BYTES


def ending(path: AnyPath) -> str:
    """Ending of a path in lower case, with its dot; empty where it has none."""
    return Path(path).suffix.lower()


def natural_key(path: AnyPath) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sort key under which ``slice2`` comes before ``slice10``.

    Examples
    --------
    >>> sorted(["s10.png", "s2.png"], key=natural_key)
    ['s2.png', 's10.png']
    """
    name = Path(path).name
    parts = re.split(r"([0-9]+)", name.lower())
    numbers = tuple((0, int(part), "") if i % 2 else (1, 0, part) for i, part in enumerate(parts))
    return numbers, name
