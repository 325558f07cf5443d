"""A folder on a disk or in an object store, as several machines see it."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, write_atomically
from napari_emseg.io.layout.location import Location
from napari_emseg.types import AnyPath

_FILE = "file://"


@dataclass(frozen=True)
class Place:
    """A folder that holds small files, each written whole or not at all.

    It can be pickled; all who reach the address see the same.

    Parameters
    ----------
    address : str
        An absolute path, or an address such as ``s3://bucket/volume.zarr``.
    """

    address: str

    @classmethod
    def of(cls, path: AnyPath) -> Place:
        """That of a path, of ``file://`` and a path, or of an ``s3://`` address.

        Raises
        ------
        WriteError
            If it is an address that cannot be written to.
        """
        text = os.fspath(path)
        where = Location(text.removeprefix(_FILE)) if text.startswith(_FILE) else Location.of(text)
        if not where.is_remote:
            return cls(str(where.path.absolute()))
        if not where.place.startswith("s3://"):
            raise WriteError(
                f"{where.place}: expected a path or an address of s3://, received another; write "
                "to one of these and copy it"
            )
        return cls(where.place.rstrip("/"))

    @property
    def path(self) -> Path | None:
        """The folder on this machine's file system; None in an object store."""
        return None if "://" in self.address else Path(self.address)

    @property
    def name(self) -> str:
        """The last piece of the address."""
        return self.address.rpartition("/")[2]

    def __str__(self) -> str:
        return self.address

    def __truediv__(self, name: str) -> Place:
        return Place(f"{self.address}/{name}")

    def store(self, *, read_only: bool = False) -> Any:
        """The zarr store of the folder."""
        from zarr.storage import FsspecStore, LocalStore

        if self.path is not None:
            return LocalStore(self.path, read_only=read_only)
        # by what a person has set up for S3: variables, a profile, the machine's role
        return FsspecStore.from_url(self.address, read_only=read_only)

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if self.path is not None:
                return (self.path / name).read_bytes()
            return bytes(self._files().cat_file(self._key(name)))
        return None

    def write(self, name: str, data: bytes, *, is_lasting: bool = True) -> None:
        """Write a file, or replace it, at once.

        Parameters
        ----------
        name : str
            Path of the file within the folder; folders on the way are made.
        data : bytes
            What it holds.
        is_lasting : bool
            Whether a power cut must not take it; that takes longer.

        Raises
        ------
        WriteError
            If it cannot be written.
        """
        if self.path is None:
            with self._as_write_error(name):
                self._files().pipe_file(self._key(name), data)
            return
        file = self.path / name
        with as_write_error(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            if is_lasting:
                write_atomically(file, lambda to: to.write_bytes(data))
            else:
                with _beside(file, data) as beside:
                    beside.replace(file)

    def create(self, name: str, data: bytes) -> bool:
        """Write a file unless it is there; False where it is. Of several one succeeds."""
        if self.path is None:
            with self._as_write_error(name), contextlib.suppress(FileExistsError):
                self._files().pipe_file(self._key(name), data, mode="create")
                return True
            return False
        file = self.path / name
        with as_write_error(file), contextlib.suppress(FileExistsError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with _beside(file, data) as beside:
                os.link(beside, file)
            return True
        return False

    def append(self, name: str, data: bytes) -> None:
        """Write at the end of a file, or begin it."""
        if self.path is None:
            with self._as_write_error(name):
                self.write(name, (self.read(name) or b"") + data)
            return
        file = self.path / name
        with as_write_error(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("ab") as opened:
                opened.write(data)

    def write_arrays(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write arrays by their names, as ``name.npz``."""
        held = io.BytesIO()
        np.savez_compressed(held, allow_pickle=False, **arrays)
        self.write(f"{name}.npz", held.getvalue())

    def read_arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Arrays that were written; `FileNotFoundError` where there are none."""
        data = self.read(f"{name}.npz")
        if data is None:
            raise FileNotFoundError(f"{self}/{name}.npz")
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            return {key: held[key] for key in held.files}

    def names(self, folder: str = "") -> Iterator[str]:
        """Paths within ``folder`` of all files under it, in any order."""
        if self.path is None:
            top = self._key(folder) if folder else self._key("").rstrip("/")
            for found in self._files().find(top):
                yield found.removeprefix(top).lstrip("/")
            return
        yield from _files_under(str(self.path / folder) if folder else str(self.path), "")

    def is_empty(self) -> bool:
        """Whether there is no file."""
        return next(iter(self.names()), None) is None

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        if self.path is not None:
            with as_write_error(self.path), contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.path)
            return
        with self._as_write_error(""), contextlib.suppress(FileNotFoundError):
            self._files().rm(self._key("").rstrip("/"), recursive=True)

    def remove_file(self, name: str) -> None:
        """Remove a file, if it is there."""
        if self.path is not None:
            with as_write_error(self.path / name):
                (self.path / name).unlink(missing_ok=True)
            return
        with self._as_write_error(name), contextlib.suppress(FileNotFoundError):
            self._files().rm_file(self._key(name))

    def _files(self) -> Any:
        import fsspec

        # what was listed before is not what is there now: others write, too
        return fsspec.filesystem(self.address.partition("://")[0], use_listings_cache=False)

    def _key(self, name: str) -> str:
        return f"{self.address.partition('://')[2]}/{name}"

    @contextlib.contextmanager
    def _as_write_error(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise
        except OSError as error:
            raise WriteError(
                f"{self.address}/{name}: could not be written ({error}); check the address, your "
                "keys and what you may write"
            ) from error


@contextlib.contextmanager
def _beside(file: Path, data: bytes) -> Iterator[Path]:
    """A sibling that holds ``data``, until the end of the block at most."""
    beside = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    try:
        beside.write_bytes(data)
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def _files_under(folder: str, within: str) -> Iterator[str]:
    """Paths of files; what lies beside its place and begins with a dot is none yet."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        entries: Sequence[os.DirEntry[str]] = list(os.scandir(folder))
        for entry in entries:
            if entry.is_dir():
                yield from _files_under(entry.path, f"{within}{entry.name}/")
            elif not entry.name.startswith("."):
                yield within + entry.name
