"""Is a TIFF whole? tifffile logs what is missing and goes on; a stack must not go on with zeros."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any, BinaryIO

from napari_emseg.errors import ReadError

_UNCOMPRESSED, _SEPARATE = 1, 2


def truncated(path: Path, what: str) -> ReadError:
    """The error for a file that ends too early."""
    return ReadError(
        f"{path}: the file is truncated or damaged ({what}); copy or download it again, or save "
        "it again from the program that made it"
    )


def check_intact(path: Path, tif: Any) -> None:
    """Raise `ReadError` if pages or pixels lie beyond the end of the file.

    Parameters
    ----------
    path : Path
        For the message, and to walk the pages' directories.
    tif : tifffile.TiffFile
        The same file, open.
    """
    n_pages = count_pages(path)
    if n_pages != len(tif.pages):
        raise truncated(path, f"{n_pages} pages in the file, {len(tif.pages)} readable")
    for series in tif.series:
        # ImageJ notes only the first page of a very large stack; the others follow in one piece
        if series.dataoffset is not None:
            _check_piece(path, series)
        for number, page in enumerate(series.pages):
            _check_page(path, number, page)


def count_pages(path: Path) -> int:
    """Number of pages, by walking the chain of directories.

    Raises
    ------
    ReadError
        If the chain leaves the file.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        order = "<" if file.read(2) == b"II" else ">"
        big = file.read(2) in (b"\x2b\x00", b"\x00\x2b")
        layout = (order + "Q", 20, order + "Q") if big else (order + "H", 12, order + "I")
        file.seek(8 if big else 4)
        return _walk(path, file, size, layout)


def _walk(path: Path, file: BinaryIO, size: int, layout: tuple[str, int, str]) -> int:
    count_format, entry_bytes, offset_format = layout
    seen: set[int] = set()
    while offset := _number(path, file, offset_format):
        if offset >= size or offset in seen:
            raise truncated(path, f"page {len(seen)} begins outside of the file's {size} bytes")
        seen.add(offset)
        file.seek(offset)
        file.seek(_number(path, file, count_format) * entry_bytes, 1)
    return len(seen)


def _number(path: Path, file: BinaryIO, layout: str) -> int:
    n_bytes = struct.calcsize(layout)
    raw = file.read(n_bytes)
    if len(raw) != n_bytes:
        raise truncated(path, "the directory of a page lies outside of the file")
    return int(struct.unpack(layout, raw)[0])


def _check_piece(path: Path, series: Any) -> None:
    size = series.keyframe.parent.filehandle.size
    end = series.dataoffset + series.nbytes
    if end > size:
        raise truncated(path, f"its pixels end at byte {end}, the file at {size}")


def _check_page(path: Path, number: int, page: Any) -> None:
    if page is None:
        raise truncated(path, f"its metadata name a slice {number} that the file does not hold")
    size = page.parent.filehandle.size
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if any(offset + count > size for offset, count in parts):
        raise truncated(path, f"page {number} has pixels beyond the file's {size} bytes")
    # an entry of nothing stands for a part that was never written; it would be read as zeros
    if not parts or any(count == 0 for _, count in parts):
        raise truncated(path, f"page {number} lacks pixels")
    if page.compression == _UNCOMPRESSED and sum(count for _, count in parts) < _bytes_of(page):
        raise truncated(path, f"page {number} has fewer pixels than its size says")


def _bytes_of(page: Any) -> int:
    one = page.keyframe
    # each row begins at a byte of its own; of separate planes there is one row for each
    planes = one.samplesperpixel if one.planarconfig == _SEPARATE else 1
    row_bits = one.imagewidth * one.bitspersample * (one.samplesperpixel // planes)
    return int(planes * math.ceil(row_bits / 8) * one.imagelength)
