"""Sample data: the phantom that comes along, and the challenge's slices from the net."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from napari_emseg.errors import ReadError
from napari_emseg.io.isbi2012 import (
    ISBI_PIXELS_SHA256,
    ISBI_TERMS,
    ISBI_URL,
    Isbi2012,
    fetch_isbi2012,
    isbi_download_size,
)
from napari_emseg.types import Stack

__all__ = [
    "ISBI_PIXELS_SHA256",
    "ISBI_TERMS",
    "ISBI_URL",
    "Isbi2012",
    "fetch_isbi2012",
    "isbi_download_size",
    "phantom",
    "phantom_layers",
    "phantom_path",
]

_NAMES = {"image": "phantom.tif", "labels": "phantom_labels.tif"}


def phantom_path(what: Literal["image", "labels"] = "image") -> Path:
    """Where the bundled phantom lies: in the installed package, or in the source tree.

    Parameters
    ----------
    what : {"image", "labels"}
        The grey values, or their truth (255 = cell, 0 = membrane).

    Raises
    ------
    ReadError
        If the installation has lost it.
    """
    for folder in _folders():
        if (folder / _NAMES[what]).is_file():
            return folder / _NAMES[what]
    raise ReadError(
        f"{_NAMES[what]}: the sample that belongs to napari-emseg is not in {_folders()[0]}; "
        "`pip install --force-reinstall napari-emseg`"
    )


def phantom() -> tuple[Stack, Stack]:
    """The phantom that comes along: an image of made-up tissue, and its truth.

    Returns
    -------
    (Stack, Stack)
        Both (8, 512, 512) of uint8 at 50 x 4 x 4 nm: grey values, and 1 = cell, 0 = membrane.

    Examples
    --------
    >>> import napari_emseg as em
    >>> image, truth = em.phantom()
    >>> image
    Stack('phantom', image (8, 512, 512) uint8, voxel_size_nm=(50.0, 4.0, 4.0))
    """
    from napari_emseg.io.read import read_stack

    image = read_stack(phantom_path("image"), kind="image")
    return image, read_stack(phantom_path("labels"), kind="labels")


def phantom_layers() -> list[tuple[Any, dict[str, Any], str]]:
    """Layer data of the phantom's image and labels, for napari's File > Open Sample."""
    from napari_emseg.io.napari_reader import layer_data

    return [layer_data(stack) for stack in phantom()]


def _folders() -> tuple[Path, ...]:
    package = Path(str(files("napari_emseg")))
    # a wheel carries the samples inside the package, an editable install beside src/
    return package / "sample_data", package.parents[1] / "sample_data"
