"""Packages as they come from strangers: plain files of modest number and size, and nothing else."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from napari_emseg.errors import ModelError
from napari_emseg.io.disk.zip_file import ZIP_DAMAGE

_LARGEST, _MOST_FILES = 2 * 2**30, 100
"""Bytes of a package, and files in it; the models that ship have 25 MiB in 12."""
_SMALL, _MOST_TIMES = 64 * 2**20, 20
"""Beyond so many bytes a zip file may not unpack to so many times its size; weights barely pack."""


def plain_files(folder: Path) -> list[Path]:
    """The files of a package, by name.

    Raises
    ------
    ModelError
        If it holds a link, a folder, or too much: links are not followed.
    """
    files = sorted(folder.iterdir())
    for file in files:
        if not stat.S_ISREG(file.lstat().st_mode):
            raise _refusal(folder, f"{file.name!r} is a link, a folder or a device")
    _require_modest(folder, [file.lstat().st_size for file in files])
    return files


def unpack(source: Path, folder: Path) -> None:
    """Unpack a zip file into an empty folder.

    Raises
    ------
    ModelError
        If it is none, or holds a link, a name that leads elsewhere, or too much.
    """
    try:
        with zipfile.ZipFile(source) as file:
            entries = file.infolist()
            _require_plain(source, entries)
            for each in entries:
                with file.open(each) as packed, (folder / each.filename).open("xb") as out:
                    shutil.copyfileobj(packed, out)
    except ZIP_DAMAGE as error:
        raise ModelError(
            f"model: {source} cannot be unpacked ({error}); expected a package's folder, or one "
            "as a zip file"
        ) from error


def _require_plain(source: Path, entries: list[zipfile.ZipInfo]) -> None:
    for each in entries:
        name, kind = each.filename, stat.S_IFMT(each.external_attr >> 16)
        is_here = PurePosixPath(name).name == name and not set(name) & set("\\:")
        if not is_here or each.orig_filename != name or kind not in (0, stat.S_IFREG):
            raise _refusal(source, f"{name!r} is a link, or leads into another folder")
    if len({each.filename.lower() for each in entries}) < len(entries):
        raise _refusal(source, "a name is there twice")
    sizes = [each.file_size for each in entries]
    _require_modest(source, sizes)
    if sum(sizes) > _SMALL + _MOST_TIMES * source.stat().st_size:
        raise _refusal(source, f"its {source.stat().st_size} bytes unpack to {sum(sizes)}")


def _require_modest(source: Path, sizes: list[int]) -> None:
    if sum(sizes) > _LARGEST or len(sizes) > _MOST_FILES:
        raise _refusal(source, f"it holds {len(sizes)} files of {sum(sizes)} bytes")


def _refusal(source: Path, what: str) -> ModelError:
    return ModelError(
        f"model: {source} is refused: {what}; expected the plain files of one model, not more than "
        f"{_MOST_FILES} with {_LARGEST // 2**30} GiB, as 'models export' writes them"
    )
