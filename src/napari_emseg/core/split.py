"""Which labelled slices train and which validate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_emseg.errors import LabelsError


@dataclass(frozen=True)
class Split:
    """Indices of slices; no slice is in both, and neither is empty."""

    train: tuple[int, ...]
    validation: tuple[int, ...]


def split_slices(
    labelled: Sequence[int], *, fraction: float, validation: Sequence[int] | None = None
) -> Split:
    """Hold out whole slices for validation.

    Parameters
    ----------
    labelled : sequence of int
        Slices that carry labels, ascending.
    fraction : float
        Part of them to hold out, 0..1; at least one slice, spread evenly over the stack.
    validation : sequence of int, optional
        Hold out these instead.

    Returns
    -------
    Split

    Raises
    ------
    LabelsError
        If a named slice is not labelled, or nothing is left to train on.
    """
    if validation is None:
        validation = _spread(labelled, fraction) if len(labelled) > 1 else []
    if unlabelled := sorted(set(validation) - set(labelled)):
        raise LabelsError(
            f"validation slices: {', '.join(map(str, unlabelled))} carry no labels; labelled are "
            f"{', '.join(map(str, labelled))}"
        )
    train = tuple(z for z in labelled if z not in set(validation))
    if not train or not validation:
        raise LabelsError(
            "labelled slices: expected at least one to train and one to validate, received "
            f"{len(labelled)} labelled, of which {len(set(validation))} validate; label one more "
            "slice, or name other validation slices"
        )
    return Split(train, tuple(sorted(set(validation))))


def _spread(labelled: Sequence[int], fraction: float) -> list[int]:
    count = min(max(1, round(fraction * len(labelled))), len(labelled) - 1)
    step = len(labelled) / count
    return [labelled[int((k + 0.5) * step)] for k in range(count)]
