"""Slices in, what the network says of them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config import NetworkConfig, PredictConfig
from napari_emseg.core.normalise import normalise
from napari_emseg.core.tiling import Blender, batches, pad_to_multiple, plan_tiles
from napari_emseg.io.overlap import ahead
from napari_emseg.model.runtime import Runtime
from napari_emseg.types import Float32Array, ShouldStop, Stack


def read_seen(stack: Stack, z: int, network: NetworkConfig) -> npt.NDArray[Any]:
    """Slice ``z`` in the middle of the neighbours that the network sees: (C, Y, X), raw."""
    return np.stack([stack.slice(seen) for seen in network.slices_seen(z, len(stack))])


def predict_slice(
    image: npt.NDArray[Any],
    runtime: Runtime,
    network: NetworkConfig,
    config: PredictConfig,
) -> Float32Array:
    """Predict one slice of any size.

    Parameters
    ----------
    image : (C, Y, X) array
        Raw grey values of any dtype: the slice, in the middle of the neighbours that the network
        sees (`read_seen`).
    runtime : Runtime
        The network.
    network : NetworkConfig
        Brings the network's reach, its channels, and the multiple that its input must have.
    config : PredictConfig
        Tile and batch size, and whether to average over all orientations.

    Returns
    -------
    (Y, X, K) float32 array
        The network's channels, 0..1; `core.classes` makes probability and class of them.
    """
    shape = (image.shape[1], image.shape[2])
    padded = np.stack(
        [pad_to_multiple(normalise(each), network.multiple) for each in image], axis=-1
    )
    blender = Blender(shape, network.channels, network.multiple)
    tiles = plan_tiles(shape, config.tile_size, network.reach, network.multiple)
    for group in batches(tiles, config.batch_size):
        inputs = np.stack([padded[tile.index] for tile in group])
        predicted = _in_all_orientations(inputs, runtime) if config.tta else runtime(inputs)
        for tile, values in zip(group, predicted, strict=True):
            blender.add(tile, values)
    result = blender.result()
    # the weights of blended tiles sum to 1 but for rounding; what was blended is ours to change
    return np.clip(result, 0, 1, out=result if len(tiles) > 1 else None)


def _in_all_orientations(tiles: Float32Array, runtime: Runtime) -> Float32Array:
    """Predict tiles (N, Y, X, C) flipped and turned in all eight ways, and average.

    The four flips of one orientation are of one shape and go through the network together.
    """
    flips: list[tuple[int, ...]] = [(), (1,), (2,), (1, 2)]
    total: Float32Array = np.zeros((), np.float32)
    for is_transposed in (False, True):
        turned = tiles.swapaxes(1, 2) if is_transposed else tiles
        predicted = runtime(np.concatenate([np.flip(turned, axes) for axes in flips]))
        for axes, values in zip(flips, np.split(predicted, len(flips)), strict=True):
            back = np.flip(values, axes)
            total = total + (back.swapaxes(1, 2) if is_transposed else back)
    return total / np.float32(2 * len(flips))


def warm_up(
    runtime: Runtime, shape: tuple[int, int], network: NetworkConfig, config: PredictConfig
) -> None:
    """Predict one blank tile of a slice of ``shape`` (Y, X), so that the first one is not slow."""
    tile = plan_tiles(shape, config.tile_size, network.reach, network.multiple)[0]
    height, width = tile.shape
    runtime(np.zeros((1, height, width, network.input_slices), np.float32))


def predict_slices(
    stack: Stack,
    slices: Iterable[int],
    runtime: Runtime,
    network: NetworkConfig,
    config: PredictConfig,
    *,
    should_stop: ShouldStop = lambda: False,
) -> Iterator[tuple[int, Float32Array]]:
    """Predict ``slices`` of ``stack`` one after another, in the order given.

    The next slice is read meanwhile.

    Yields
    ------
    (int, (Y, X, K) float32 array)
        Index of a slice and what `predict_slice` gives, as soon as it is done. Ends early when
        ``should_stop()`` turns true.
    """
    for z, image in ahead(lambda z: read_seen(stack, z, network), slices):
        if should_stop():
            return
        yield z, predict_slice(image, runtime, network, config)
