"""What a person should know of how labels are read, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.known_area import known_area
from napari_emseg.core.label_inspection import Appearance
from napari_emseg.core.label_meaning import percent
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.polarity import has_bright_membranes
from napari_emseg.types import LabelRole

_TOUCHING = 0.01
"""Of the borders of labels, the share from which on touching is spoken of."""

_AGAINST = -0.4
"""A grey contrast below it says that cell and membrane are swapped: see `grey_contrast`."""

_UNLIKE = 0.3
"""A grey contrast below it says that labels and image do not lie on one another."""

_WIDE = 0.1
"""The share of a mask's areas without cells from which on they are spoken of."""

_EXTREME = 0.995
"""A share of one class that leaves nearly nothing of the other."""


def remarks_on(
    looks: Appearance,
    reading: LabelReading,
    slices: Sequence[npt.NDArray[Any]],
    images: Sequence[npt.NDArray[Any]] | None = None,
    *,
    role: LabelRole = "labels",
) -> tuple[str, ...]:
    """Sentences on what was found.

    Parameters
    ----------
    looks : Appearance
        Of the slices.
    reading : LabelReading
        How they are read.
    slices : sequence of (Y, X) arrays
        Some labelled ones.
    images : sequence of (Y, X) arrays, optional
        What was painted on.
    role : {"labels", "truth"}
        What they are for.
    """
    found = [*_values(looks, reading, slices)]
    if reading.meaning == "instances":
        found += _cells(looks, reading, role)
    else:
        found += _sides(looks, reading, slices, images, role)
    return tuple(found)


def grey_contrast(image: npt.NDArray[Any], cells: npt.NDArray[np.bool_]) -> float:
    """How much brighter cells are than the rest, in standard deviations of the image.

    On slices of ISBI, VNC, EPFL and SNEMI3D it is 0.8 to 1.7, with the labels of another slice
    -0.1 to 0.5.

    Parameters
    ----------
    image : (Y, X) array
        Grey values of any real dtype; only the known area is looked at.
    cells : (Y, X) bool array
        What is read as cell.
    """
    smooth = cv2.GaussianBlur(np.nan_to_num(image).astype(np.float32), (0, 0), 1)
    known = known_area(image)
    inside, rest = (cells, ~cells) if known is None else (cells & known, ~cells & known)
    if not inside.any() or not rest.any():
        return 0.0
    spread = float(smooth.std() if known is None else smooth[known].std())
    return float(np.median(smooth[inside]) - np.median(smooth[rest])) / spread if spread else 0.0


def seem_swapped(
    looks: Appearance,
    reading: LabelReading,
    slices: Sequence[npt.NDArray[Any]],
    images: Sequence[npt.NDArray[Any]] | None = None,
) -> bool:
    """Whether what is read as cell looks like membrane, by shape or by grey values."""
    swapped = looks.seems_swapped if reading.meaning != "membranes" else _is_net(looks)
    contrast = _contrast(looks, reading, slices, images)
    return swapped or (contrast is not None and contrast < _AGAINST)


def _contrast(
    looks: Appearance,
    reading: LabelReading,
    slices: Sequence[npt.NDArray[Any]],
    images: Sequence[npt.NDArray[Any]] | None,
) -> float | None:
    """How much brighter cells are, or darker where membranes are bright; None where unknown."""
    shapes = [reading.cells(each) for each in slices]
    cell = float(np.mean([each.mean() for each in shapes]))
    if images is None or not looks.has_cells or not 0.15 < cell < 0.95:
        return None  # with some cells of many, the rest is not membrane
    pairs = zip(images, shapes, strict=True)
    contrast = float(np.median([grey_contrast(image, cells) for image, cells in pairs]))
    return -contrast if has_bright_membranes(images) else contrast


# -- the sentences ----------------------------------------------------------------------------


def _values(
    looks: Appearance, reading: LabelReading, slices: Sequence[npt.NDArray[Any]]
) -> Iterator[str]:
    if reading.unknown:
        known = LabelReading("mask", unknown=reading.unknown)
        share = 1 - float(np.mean([known.known(each).mean() for each in slices]))
        named = ", ".join(map(str, reading.unknown))
        yield f"{named} ({percent(share)}) is taken for unknown and does not count."
    if reading.meaning in ("mask", "membranes") and looks.is_blurred_mask:
        yield (
            f"The values gather at {looks.low:g} and {looks.high:g}, as JPEG and interpolation "
            f"leave a mask: it is cut at half, above {looks.middle:g}."
        )
    elif reading.cut is not None:
        painted = "membrane" if reading.meaning == "membranes" else "cell"
        yield f"There is no 0: what is above {reading.cut:g} is {painted}."
    if reading.meaning == "scribbles" and not reading.membrane:
        yield "Classes count from 0: 0 is membrane, 1 cell, 2 and more parts of cells."


def _cells(looks: Appearance, reading: LabelReading, role: LabelRole) -> Iterator[str]:
    if reading.background is not None:
        yield f"Nearly all cells border on {reading.background}: it is taken for membrane."
    elif looks.touching > _TOUCHING:
        done = (
            "a membrane is drawn between them" if role == "labels"
            else "each id stays a cell of its own"
        )  # fmt: skip
        yield f"Cells touch along {percent(looks.touching)} of their borders: {done}."
    if reading.far_unknown:
        yield (
            f"Areas of 0 that are too wide for membranes ({percent(looks.unlabelled)}) are taken "
            "for tissue that nobody labelled: they are unknown and do not count."
        )


def _sides(
    looks: Appearance,
    reading: LabelReading,
    slices: Sequence[npt.NDArray[Any]],
    images: Sequence[npt.NDArray[Any]] | None,
    role: LabelRole,
) -> Iterator[str]:
    if seem_swapped(looks, reading, slices, images):
        other = "mask" if reading.meaning == "membranes" else "membranes"
        yield (
            "Cell and membrane look swapped: what is read as cell is thin, or dark, as membranes "
            f"are. If so, choose the meaning {other} for the {role}."
        )
        return
    contrast = _contrast(looks, reading, slices, images)
    if contrast is not None and contrast < _UNLIKE:
        yield (
            "Cell and membrane hardly differ in the image: are these the labels of these slices?"
        )
    if reading.meaning == "mask" and looks.unlabelled > _WIDE:
        yield (
            f"Areas without cells, too wide for membranes ({percent(looks.unlabelled)}), count as "
            "membrane. If nobody labelled them, give each cell its own id, or paint scribbles."
        )
    if reading.meaning != "scribbles":
        cell = float(np.mean([reading.cells(each).mean() for each in slices]))
        if looks.shows_shapes and max(cell, 1 - cell) > _EXTREME:
            side, rest = ("cell", "membrane") if cell > 0.5 else ("membrane", "cell")
            yield f"Nearly all is {side}: too little {rest} to learn from or to score against."


def _is_net(looks: Appearance) -> bool:
    """Whether what is above the middle lies in many pieces, and is read as membrane."""
    apart = looks.pieces_upper > 3 * max(1.0, looks.pieces_lower)
    return looks.has_cells and apart and looks.upper > 0.5
