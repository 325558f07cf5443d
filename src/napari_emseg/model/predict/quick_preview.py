"""What a model says of a tissue that is new to it, in seconds: shown while it learns the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from napari_emseg.core.classes import cell_probability
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.tiling import middle, pad_to_multiple
from napari_emseg.core.train.source import Source
from napari_emseg.model.network.batch_statistics import adapt_batch_norms
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.predict.predict import predict_slice
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network
from napari_emseg.types import Float32Array, ShouldStop

SHARE = 0.5
"""Of the new tissue in the statistics of the batch norms; see ``benchmarks/bench_preview.py``."""

_TILES, _TILE_PX = 2, 512
"""What the statistics are measured on: the middles of so many slices."""

_LONGEST_S = 8.0
"""After so long no further slice is begun: the training waits."""


def quick_previews(
    package: ModelPackage,
    source: Source,
    near: int,
    should_stop: ShouldStop = lambda: False,
    *,
    share: float = SHARE,
    longest_s: float = _LONGEST_S,
) -> Iterator[tuple[int, Float32Array]]:
    """Predict the labelled slices by a copy of a model that knows how their tissue looks.

    Its batch norms take on the statistics of these slices (`adapt_batch_norms`); that takes one
    look at them, and no training. The labels themselves have no part: to fit the last layer to
    them, also with the coarser features, gained nothing on other slices, and overfitted its own.

    Parameters
    ----------
    package : ModelPackage
        The model; nothing of it is changed.
    source : Source
        Images, and which slices are labelled.
    near : int
        The labelled slice next to this one comes first.
    should_stop : callable
        Looked at before every slice; the slices end early when it turns true.
    share : float
        Of the new tissue in the statistics, 0..1.
    longest_s : float
        No further slice is begun after so many seconds, save the first.

    Yields
    ------
    (int, (Y, X) float32 array)
        Index of a slice and its probability of cell, 0..1. At least one slice comes, and as many
        more as some seconds allow; none of a network without batch norms, which would say what it
        said before.
    """
    begun, network, model = time.monotonic(), package.info.unet, load_network(package)
    slices = sorted(source.target.labelled, key=lambda z: abs(z - near))
    tiles = (_tile(source, z, network) for z in slices[:_TILES])
    if not adapt_batch_norms(model, tiles, share):
        return
    runtime = KerasRuntime(model)
    for k, z in enumerate(slices):
        if should_stop() or (k and time.monotonic() - begun > longest_s):
            return
        image = read_seen(source.images, z, network)
        channels = predict_slice(
            image, runtime, network, PredictConfig(), resampling=source.resampling
        )
        yield z, cell_probability(channels)


def _tile(source: Source, z: int, network: NetworkConfig) -> Float32Array:
    """The middle of a slice as the network sees it: (Y, X, C)."""
    seen = source.patches.seen(z, network)
    height, width = seen[0].shape
    part = middle((height, width), _TILE_PX)
    return np.stack([pad_to_multiple(each[part], network.multiple) for each in seen], axis=-1)
