"""Which level of an image in several scales a model takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_emseg.types import VoxelSize


def nearest_level(sizes: Sequence[VoxelSize | None], network: VoxelSize | None) -> int:
    """Which level of a pyramid has pixels nearest to those that a model learned on.

    Parameters
    ----------
    sizes : sequence of voxel sizes
        Of the levels, in nm.
    network : tuple of float, optional
        Of the model.

    Returns
    -------
    int
        The first, finest one where a size is not known.
    """
    edges = [size[1] * size[2] for size in sizes if size is not None]
    if network is None or len(edges) != len(sizes):
        return 0
    apart = [abs(math.log(edge / (network[1] * network[2]))) for edge in edges]
    return apart.index(min(apart))
