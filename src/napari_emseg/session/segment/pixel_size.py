"""Pixel sizes of a stack and of a model: what follows from them, and how it is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.resampling import Resampling
from napari_emseg.types import VoxelSize


def taken_size(recorded: VoxelSize | None, config: PredictConfig) -> VoxelSize | None:
    """The voxel size (Z, Y, X) in nm that is reckoned with: as recorded, or as a person says."""
    edge = config.pixel_size_nm
    if not edge:
        return recorded
    return (recorded[0] if recorded else edge, edge, edge)


def resampling_of(
    stack: VoxelSize | None, network: VoxelSize | None, config: PredictConfig
) -> Resampling:
    """How many of the network's pixels a pixel of the stack becomes.

    Parameters
    ----------
    stack, network : tuple of float, optional
        Voxel size (Z, Y, X) in nm that is recorded; None where nobody knows.
    config : PredictConfig
        What a person says of it.

    Raises
    ------
    SettingError
        If the sizes differ by more than a factor of 8.
    """
    found = Resampling.between(taken_size(stack, config), network)
    return replace(found, down=found.down * config.scale, across=found.across * config.scale)


def about_pixels(stack: VoxelSize | None, network: VoxelSize | None, config: PredictConfig) -> str:
    """What is done about pixel sizes, in a sentence; empty where there is nothing to do.

    Parameters and raises as `resampling_of`.
    """
    taken, factor = taken_size(stack, config), resampling_of(stack, network, config)
    if taken is None and network is not None and config.scale == 1:
        return (
            f"The pixel size is not known, and taken for the {_edges(network)} nm that the model "
            "learned at: say it under Pixels where it is another."
        )
    if not factor.is_needed:
        return ""
    if taken is None or network is None:
        return f"Resampled by {factor} for the model."
    return (
        f"Pixels are {_edges(taken)} nm, the model learned at {_edges(network)}: "
        f"resampled by {factor}."
    )


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


def _edges(size: VoxelSize) -> str:
    down, across = size[1:]
    return f"{down:.4g}" if math.isclose(down, across) else f"{down:.4g} x {across:.4g}"
