"""Slices in, what the network says of them out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import membrane
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.networks.network import Network
from napari_emseg.core.normalise import GreyValues
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.core.segment.tiling import (
    Blender,
    Region,
    Tile,
    batches,
    grow,
    margin,
    pad_to_multiple,
    plan_tiles,
)
from napari_emseg.core.segment.tissue import Tissue
from napari_emseg.io.prefetch import prefetch
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.runtimes.runtime import Runtime
from napari_emseg.types import Float32Array, ShouldStop, Stack


class TileBuffer:
    """Memory that is used again: the system takes longer to give new pages than we to fill them."""

    def __init__(self) -> None:
        self._numbers = np.empty(0, np.float32)

    def array(self, *shape: int) -> Float32Array:
        """An array with any content; the next one lies in its place."""
        size = math.prod(shape)
        if self._numbers.size < size:
            self._numbers = np.empty(size, np.float32)
        return self._numbers[:size].reshape(shape)


def predict_slice(
    image: npt.NDArray[Any],
    runtime: Runtime,
    network: Network,
    config: PredictConfig,
    region: Region | None = None,
    buffer: TileBuffer | None = None,
    resampling: Resampling = AS_IT_IS,
    tissue: Sequence[Tissue] | None = None,
) -> Float32Array:
    """Predict one slice of any size, or a region of it.

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
    region : (slice, slice), optional
        Rows and columns to predict; all by default.
    buffer : TileBuffer, optional
        Memory for the tiles, kept from the slice before.
    resampling : Resampling
        To the pixel size that the network learned on.
    tissue : sequence of Tissue, optional
        Grey values and known area of each slice of ``image``, where that is a part of a slice;
        found in ``image`` by default.

    Returns
    -------
    (Y, X, K) float32 array
        The network's channels, 0..1, of the region; `core.classes` makes probability and class of
        them. Outside the known area (`core.known_area`) all is membrane.
    """
    tissue = tissue or [Tissue.of(each, network.before) for each in image]
    grey_values = [each.grey for each in tissue]
    wanted = region or (slice(0, image.shape[1]), slice(0, image.shape[2]))
    predict = partial(
        _predict_seen, grey_values=grey_values, runtime=runtime, network=network, config=config,
        buffer=buffer or TileBuffer(),
    )  # fmt: skip
    if resampling.is_needed:
        result = _predict_resampled(image, wanted, resampling, network, predict)
    else:
        result = predict(image, region)
    known = tissue[len(tissue) // 2].known
    if known is not None:
        result = result if result.flags.writeable else result.copy()
        result[~known[wanted]] = membrane(network.channels)
    return result


def _predict_resampled(
    image: npt.NDArray[Any],
    region: Region,
    resampling: Resampling,
    network: Network,
    predict: Callable[[npt.NDArray[Any], Region | None], Float32Array],
) -> Float32Array:
    """Predict a region of a slice (C, Y, X) at the network's pixels, block by block."""
    rows, columns = (side.stop - side.start for side in region)
    result = np.empty((rows, columns, network.channels), np.float32)
    shape = (image.shape[1], image.shape[2])
    for block in resampling.blocks(region, shape, margin(network.reach), network.multiple):
        cut = image[:, *block.outer]
        channels = predict(resampling.to_network(cut), None)
        back = resampling.back(channels, (cut.shape[1], cut.shape[2]))
        result[_within(block.inner, region)] = back[_within(block.inner, block.outer)]
    return result


def _predict_seen(
    image: npt.NDArray[Any],
    region: Region | None,
    *,
    grey_values: list[GreyValues],
    runtime: Runtime,
    network: Network,
    config: PredictConfig,
    buffer: TileBuffer,
) -> Float32Array:
    """Predict a slice (C, Y, X) as the network sees it, or a region of it, tile by tile."""
    inside = (slice(None), slice(None))
    if region is not None:
        frame = grow(region, image.shape[1:], network.reach, network.multiple)
        image = image[:, *frame]
        inside = _within(region, frame)
    shape = (image.shape[1], image.shape[2])
    padded = [pad_to_multiple(each, network.multiple) for each in image]
    blender = Blender(shape, network.channels, network.multiple)
    tile_size = config.tile_size or runtime.tile_size
    tiles = plan_tiles(shape, tile_size, network.reach, network.multiple)
    predict = _in_all_orientations if config.tta else _as_they_are
    at_once = max(1, config.batch_size)
    for group in batches(tiles, at_once):
        inputs = buffer.array(len(group), *group[0].shape, len(image))
        _cut(padded, grey_values, group, inputs)
        for tile, values in zip(group, predict(inputs, runtime, at_once), strict=True):
            blender.add(tile, values)
    result = blender.result()
    # the weights of blended tiles sum to 1 but for rounding; a runtime may hand out what is its own
    return np.clip(result, 0, 1, out=result if result.flags.writeable else None)[inside]


def _within(region: Region, frame: Region) -> Region:
    """Where a region lies in a frame around it."""
    rows, columns = (
        slice(inner.start - outer.start, inner.stop - outer.start)
        for inner, outer in zip(region, frame, strict=True)
    )
    return rows, columns


def _cut(
    images: list[npt.NDArray[Any]],
    grey_values: list[GreyValues],
    tiles: list[Tile],
    inputs: Float32Array,
) -> None:
    """Fill in tiles (N, Y, X, C) of the slices seen, normalised by the whole of each slice."""
    for tile, channels in zip(tiles, inputs, strict=True):
        for k, (grey, image) in enumerate(zip(grey_values, images, strict=True)):
            grey.normalise(image[tile.index], channels[..., k])


def _as_they_are(tiles: Float32Array, runtime: Runtime, at_once: int) -> Float32Array:
    """Predict tiles (N, Y, X, C), so many at a time at most."""
    if len(tiles) <= at_once:
        return runtime(tiles)
    starts = range(0, len(tiles), at_once)
    return np.concatenate([runtime(tiles[k : k + at_once]) for k in starts])


def _in_all_orientations(tiles: Float32Array, runtime: Runtime, at_once: int) -> Float32Array:
    """Predict tiles (N, Y, X, C) flipped and turned in all eight ways, and average.

    The four flips of one orientation are of one shape and go through the network together where
    the batch size allows.
    """
    flips: list[tuple[int, ...]] = [(), (1,), (2,), (1, 2)]
    total: Float32Array = np.zeros((), np.float32)
    for is_transposed in (False, True):
        turned = tiles.swapaxes(1, 2) if is_transposed else tiles
        flipped = np.concatenate([np.flip(turned, axes) for axes in flips])
        predicted = _as_they_are(flipped, runtime, at_once)
        for axes, values in zip(flips, np.split(predicted, len(flips)), strict=True):
            back = np.flip(values, axes)
            total = total + (back.swapaxes(1, 2) if is_transposed else back)
    return total / np.float32(2 * len(flips))


def predict_slices(
    stack: Stack,
    slices: Iterable[int],
    predict: Callable[[npt.NDArray[Any]], Float32Array],
    network: Network,
    *,
    should_stop: ShouldStop = lambda: False,
) -> Iterator[tuple[int, Float32Array]]:
    """Predict ``slices`` of ``stack`` one after another, in the order given.

    The next slice is read meanwhile.

    Parameters
    ----------
    stack : Stack
        Image (Z, Y, X).
    slices : iterable of int
        Which.
    predict : callable
        A slice (C, Y, X) in the middle of its neighbours to channels (Y, X, K), such as a
        `Predictor`.
    network : NetworkConfig
        How many neighbours it sees.
    should_stop : callable
        Looked at before every slice; the slices end early when it turns true.

    Yields
    ------
    (int, (Y, X, K) float32 array)
        Index of a slice and what ``predict`` gives, as soon as it is done.
    """
    for z, image in prefetch(lambda z: read_seen(stack, z, network), slices):
        if should_stop():
            return
        yield z, predict(image)
