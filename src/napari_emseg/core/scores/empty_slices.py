"""Slices of a prediction that hold nothing, of which one asks whether they were predicted."""

from __future__ import annotations

from collections.abc import Sequence

from napari_emseg.core.slices import in_words


def about_empty(empty: Sequence[int], scored: int) -> tuple[str, ...]:
    """A sentence on slices that are 0 everywhere, of which nobody says whether they were predicted.

    Parameters
    ----------
    empty : sequence of int
        Their numbers.
    scored : int
        How many are scored, these among them; where all are empty `about_values` speaks.
    """
    if not empty or len(empty) == scored:
        return ()
    which = in_words(empty)
    are, were = ("is", "was it") if len(empty) == 1 else ("are", "were they")
    return (
        f"{which[0].upper()}{which[1:]} of the prediction {are} 0 everywhere, and scored as such: "
        f"{were} predicted? Nothing says so.",
    )
