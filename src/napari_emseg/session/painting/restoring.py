"""Labels from a recovery, and what a person is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import ReadError
from napari_emseg.io.recovery import Recovery


@dataclass(frozen=True, eq=False)
class RestoredLabels:
    """What a labels layer is made from.

    Parameters
    ----------
    data : (Z, Y, X) or (Y, X) array
        All that was painted, and zeros elsewhere.
    edits : Edits
        What a person has done to it.
    about : dict
        What the layer was made with, as `LabelsLayer.about` has told it.
    """

    data: npt.NDArray[Any]
    edits: Edits
    about: dict[str, Any]


def restored_labels(recovery: Recovery) -> RestoredLabels:
    """Read all of a recovery.

    Raises
    ------
    ReadError
        If it cannot be read.
    """
    about = recovery.about
    try:
        data = np.zeros([int(n) for n in about["shape"]], about["dtype"])
        edits = _fill(data, recovery, about["reviewed"])
        edits.decisions = about.get("decisions")
    except (LookupError, TypeError, ValueError) as error:
        raise not_restored(recovery, error) from error
    return RestoredLabels(data, edits, about)


def not_restored(recovery: Recovery, error: Exception) -> ReadError:
    """What a person is told where a recovery cannot be made a layer of."""
    return ReadError(
        f"{recovery.folder}: painted labels cannot be restored ({type(error).__name__}: "
        f"{error}); discard them, or look into that folder"
    )


def offer_text(recovery: Recovery, *, was_removed: bool, more: int) -> str:
    """A sentence on what can be restored, and how many more there are."""
    about = recovery.about
    count = len({*recovery.slices, *about.get("reviewed", ())})
    slices = "1 painted slice" if count == 1 else f"{count} painted slices"
    what = f"{slices} of {about.get('name', 'a layer')!r}"
    if was_removed:
        said = f"The layer with {what} was removed and is not saved."
    else:
        were, when = "was" if count == 1 else "were", datetime.fromtimestamp(recovery.written)
        said = f"{what} {were} not saved; the last change is of {when:%d %B at %H:%M}."
    return said + (f" {more} more after this." if more else "")


def _fill(data: npt.NDArray[Any], recovery: Recovery, reviewed: list[int]) -> Edits:
    stack, edits = (data if data.ndim == 3 else data[np.newaxis]), Edits()
    for z in recovery.slices:
        painted = recovery.read_slice(z)
        stack[z] = painted.labels
        edits.predict(z, painted.touched, painted.redrawn)
    for z in reviewed:
        edits.review(int(z), reviewed=True)
    return edits
