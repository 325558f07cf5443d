"""Many patches as one picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_GAP_PX = 8


def mosaic(patches: npt.NDArray[Any], fill: float = 0) -> npt.NDArray[Any]:
    """Patches beside and below one another, in a grid that is about as wide as it is high.

    Parameters
    ----------
    patches : (N, Y, X) array
        One or more.
    fill : float
        What stands between them.

    Returns
    -------
    (rows, columns) array
        Of the same dtype.
    """
    count, height, width = patches.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    step_y, step_x = height + _GAP_PX, width + _GAP_PX
    grid = np.full((rows * step_y - _GAP_PX, columns * step_x - _GAP_PX), fill, patches.dtype)
    for k, patch in enumerate(patches):
        y, x = (k // columns) * step_y, (k % columns) * step_x
        grid[y : y + height, x : x + width] = patch
    return grid
