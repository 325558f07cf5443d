"""Slices of a stack as a person writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_emseg.errors import SettingError
from napari_emseg.types import require_slices

_LARGEST = 999_999
"""Far beyond any stack: a digit too many must not become a list that fills the memory."""


def parse_slices(text: str) -> tuple[int, ...]:
    """Numbers of slices, from 0, in the order written.

    Parameters
    ----------
    text : str
        Numbers and ranges without their end, with commas between: ``24,25,26``, ``3:7`` (3 to 6),
        ``0:12,15:27``.

    Raises
    ------
    SettingError
        If it is anything else, or a range is empty.

    Examples
    --------
    >>> parse_slices("3:7, 10")
    (3, 4, 5, 6, 10)
    """
    try:
        return tuple(z for part in text.split(",") for z in _range_of(part))
    except ValueError as error:
        raise SettingError(
            "slices: expected numbers or ranges such as 24,25,26 or 3:7 (which is 3 to 6), "
            f"received {text!r}"
        ) from error


def chosen_slices(text: str, count: int) -> list[int]:
    """The slices that ``text`` names of a stack of ``count``, ascending; all where it is empty.

    Raises
    ------
    SettingError, ShapeError
        If it does not name slices, or the stack has not got them.
    """
    if not text.strip():
        return list(range(count))
    slices = parse_slices(text)
    require_slices(slices, count)
    return sorted(set(slices))


def in_words(slices: Iterable[int]) -> str:
    """Numbers of slices in a sentence.

    Examples
    --------
    >>> in_words([3]), in_words([0, 1, 2, 7]), in_words([4, 5])
    ('slice 3', 'slices 0 to 2, 7', 'slices 4, 5')
    """
    runs: list[list[int]] = []
    for z in sorted(slices):
        if runs and z == runs[-1][-1] + 1:
            runs[-1].append(z)
        else:
            runs.append([z])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"slice{'s' * (sum(map(len, runs)) != 1)} {', '.join(parts)}"


def _range_of(part: str) -> Sequence[int]:
    start, colon, stop = part.partition(":")
    first = int(start)
    slices = range(first, int(stop) if colon else first + 1)
    if not slices or not 0 <= slices[0] <= slices[-1] <= _LARGEST:
        raise ValueError(part)
    return slices
