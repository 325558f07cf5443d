"""Where files of cells go: into a folder that is there or not, or into one file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import moving_into, replacing_folder
from napari_emseg.io.write import refuse_inputs
from napari_emseg.types import AnyPath


def check_file(path: Path, ending: str, *, overwrite: bool, sources: Sequence[AnyPath]) -> None:
    """Raise `WriteError` where a file of this ending cannot be written there."""
    if path.suffix.lower() != ending:
        raise WriteError(f"out: expected a file that ends in {ending}, received {str(path)!r}")
    _check(path, taken=path.exists(), overwrite=overwrite, sources=sources)


def check_folder(path: Path, *, overwrite: bool, sources: Sequence[AnyPath]) -> None:
    """Raise `WriteError` where a folder cannot be made or filled there."""
    if path.is_file() or (path.suffix and not path.is_dir()):
        raise WriteError(
            f"out: expected a folder such as {path.stem}, in which each cell becomes a file, "
            f"received {str(path)!r}"
        )
    _check(path, taken=False, overwrite=overwrite, sources=sources)


def check_names(folder: Path, names: Iterable[str], *, overwrite: bool) -> None:
    """Raise `WriteError` where files of these names may not be written into a folder."""
    for name in names:
        _refuse_taken(folder / name, taken=(folder / name).exists(), overwrite=overwrite)


def check_volume(path: Path, *, overwrite: bool, sources: Sequence[AnyPath]) -> None:
    """As `check_folder`, of one that is replaced as a whole: it holds nothing but a volume."""
    check_folder(path, overwrite=overwrite, sources=sources)
    taken = path.is_dir() and any(path.iterdir())
    _refuse_taken(path, taken=taken, overwrite=overwrite)
    if taken and not (path / "info").is_file():
        raise WriteError(
            f"{path}: expected a precomputed volume to replace, received a folder with other "
            "things; choose another place"
        )


def _check(path: Path, *, taken: bool, overwrite: bool, sources: Sequence[AnyPath]) -> None:
    refuse_inputs(path, sources)
    if not path.absolute().parent.is_dir():
        raise WriteError(f"{path}: could not be written: there is no folder {path.parent}; make it")
    _refuse_taken(path, taken=taken, overwrite=overwrite)


def _refuse_taken(path: Path, *, taken: bool, overwrite: bool) -> None:
    if taken and not overwrite:
        raise WriteError(
            f"{path}: exists already; choose another path, or allow to overwrite it",
            overwrite=True,
        )


def filling(folder: Path) -> AbstractContextManager[Path]:
    """A folder to fill, of which nothing is left if that fails.

    Where ``folder`` exists, what is in it stays, save files of the same names.
    """
    return moving_into(folder) if folder.is_dir() else replacing_folder(folder)
