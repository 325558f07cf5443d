"""Pictures as Pillow decodes them, as large as what their files can hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_emseg.errors import ReadError
from napari_emseg.io.layout.arrays import check_shape

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_MOST_PACKED = 1032
"""Bytes of pixels in a byte of a file: deflate packs no more, JPEG takes a bit for 64 pixels."""


@contextmanager
def opened_picture(path: Path, kind: Literal["PNG", "JPEG"]) -> Iterator[ImageFile]:
    """A picture to be decoded, of this kind alone, whatever the file's name says.

    Pillow's own limit is 179 million pixels, 13,377 px along each edge, which sections exceed; so
    what counts here is what the file can hold.

    Raises
    ------
    ReadError
        If it claims more pixels than its bytes can hold, or than any memory.
    OSError, SyntaxError, ValueError
        If it is damaged, or none.
    """
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    with {"PNG": PngImageFile, "JPEG": JpegImageFile}[kind](path) as picture:
        width, height = picture.size
        check_shape(path, (height, width), np.dtype(np.uint8))
        bits = 1 if picture.mode == "1" else 8
        if width * height * bits // 8 > _MOST_PACKED * path.stat().st_size:
            raise ReadError(
                f"{path}: claims a picture of {width} x {height} px, which its "
                f"{path.stat().st_size} bytes cannot hold; copy or save it again"
            )
        yield picture
