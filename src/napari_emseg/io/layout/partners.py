"""Whether two folders of slices belong together, by the numbers in their names."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from napari_emseg.errors import ReadError
from napari_emseg.types import AnyPath

_MOST_NAMED = 8


def compare_numbers(
    images: AnyPath, labels: AnyPath, ours: Sequence[Decimal], theirs: Sequence[Decimal]
) -> tuple[str, ...]:
    """What is to be said of slices that are taken for partners.

    Parameters
    ----------
    images, labels : path
        What messages call the two.
    ours, theirs : sequence of Decimal
        The numbers of their slices, in order; empty where names hold none.

    Raises
    ------
    ReadError
        If one has numbers that the other lacks.
    """
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


def _listed(numbers: Sequence[Decimal]) -> str:
    more = len(numbers) - _MOST_NAMED
    shown = ", ".join(map(str, numbers[:_MOST_NAMED]))
    return shown + (f" and {more} more" if more > 0 else "")
