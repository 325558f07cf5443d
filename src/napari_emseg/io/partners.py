"""Whether two folders of slices belong together, by the numbers in their names."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.file_format import AnyPath
from napari_emseg.io.formats.folder import order_of_files
from napari_emseg.io.formats.location import Location
from napari_emseg.io.formats.registry import FOLDER, format_of

_MOST_NAMED = 8


def check_partners(images: AnyPath, labels: AnyPath) -> tuple[str, ...]:
    """Compare the numbers of slices in two folders, such as images and their labels.

    Parameters
    ----------
    images, labels : path
        What `napari_emseg.io.read.read_stack` reads; of other things than two folders of slices
        with numbers nothing is known.

    Returns
    -------
    tuple of str
        What a person is to be told, a sentence each.

    Raises
    ------
    ReadError
        If one has numbers that the other lacks.
    """
    ours, theirs = _numbers(images), _numbers(labels)
    if not ours or not theirs or ours == theirs:
        return ()
    shift = theirs[0] - ours[0]
    if len(ours) == len(theirs) and all(b - a == shift for a, b in zip(ours, theirs, strict=True)):
        note = f"Slice {ours[0]} of {images} is taken to belong to slice {theirs[0]} of {labels}."
        return (note,)
    lacking = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    said = [
        f"{where} lacks {_listed(numbers)}"
        for where, numbers in zip((labels, images), lacking, strict=True)
        if numbers
    ]
    raise ReadError(
        f"{images} and {labels}: expected slices of the same numbers, but {' and '.join(said)}; "
        "keep the slices that both have"
    )


def _numbers(path: AnyPath) -> tuple[Decimal, ...]:
    place = Location.of(path)
    if place.is_remote or not place.path.is_dir() or format_of(place.path) is not FOLDER:
        return ()
    return order_of_files(FOLDER.files_in(place.path)).numbers


def _listed(numbers: Sequence[Decimal]) -> str:
    more = len(numbers) - _MOST_NAMED
    shown = ", ".join(map(str, numbers[:_MOST_NAMED]))
    return shown + (f" and {more} more" if more > 0 else "")
