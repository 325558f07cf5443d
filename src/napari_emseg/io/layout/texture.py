"""Whether pixels are grey values or ids, by what they look like."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_FEWEST_PIXELS = 1024
_FEW_VALUES = 32


def is_piecewise_constant(pixels: npt.NDArray[Any]) -> bool:
    """Whether most pixels have the value of their neighbour, as ids have, and grey values have not.

    Background is left out, which is constant in both.

    Parameters
    ----------
    pixels : (Y, X) array
        Integers; of few pixels, or few values, the answer is yes.
    """
    if pixels.size < _FEWEST_PIXELS:
        return True
    left, right = pixels[:, :-1], pixels[:, 1:]
    values, counts = np.unique(pixels, return_counts=True)
    if len(values) <= _FEW_VALUES:
        return True
    background = values[counts.argmax()]
    counted = (left != background) | (right != background)
    if np.count_nonzero(counted) < pixels.size / 1000:
        return True
    return bool(np.mean(left[counted] == right[counted]) >= 0.5)
