"""Training batches, prefetched: made in a thread before the network asks for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from napari_emseg.core.augment.augment import augment
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.train.rehearsal import Example, RehearsalSet
from napari_emseg.core.train.source import PatchSource
from napari_emseg.types import Float32Array

_T = TypeVar("_T")

Batch = tuple[Float32Array, npt.NDArray[np.uint8], Float32Array]
"""Image (N, Y, X, C) of C input slices, classes (N, Y, X), weights (N, Y, X)."""

_PREFETCHED = 4
"""Batches that wait for the network at most."""


def make_batch(
    sources: Sequence[PatchSource],
    recipe: Recipe,
    *,
    epoch: int,
    step: int,
    rehearsal_set: RehearsalSet = (),
) -> Batch:
    """The batch of one step.

    Every patch draws its source first, then one of its slices. The draws depend on seed, epoch and
    step alone, so a resumed training sees what the uninterrupted one would have seen.

    Parameters
    ----------
    sources : sequence of PatchSource
        Stacks to draw from, as likely as they weigh; of one, each slice is as likely.
    recipe : Recipe
        Network's input slices, augmentation, patch and batch size, seed.
    epoch, step : int
        Which batch this is.
    rehearsal_set : sequence of Example
        What the model learned before; ``recipe.train.rehearse`` of the patches come from it.
    """
    config = recipe.train
    rng = np.random.default_rng([config.seed, epoch, step])
    weights = np.array([each.weight for each in sources], np.float64)
    shares = weights / weights.sum()

    def patch() -> tuple[npt.NDArray[Any], ...]:
        number, example = drawn()
        return augment(
            example.image, example.classes, example.weights, rng, recipe.augment,
            size=config.patch_size, styles=_styles_of_others(sources, number, recipe.augment),
        )  # fmt: skip

    def drawn() -> tuple[int | None, Example]:
        """The number of a source, or None where it is rehearsed, and one of its slices."""
        if rehearsal_set and rng.random() < config.rehearse:
            return None, rehearsal_set[int(rng.integers(len(rehearsal_set)))]
        number = int(rng.choice(len(sources), p=shares))
        source = sources[number]
        return number, source.example(int(rng.choice(source.slices)), recipe.network)

    patches = [patch() for _ in range(config.batch_size)]
    image, classes, pixel_weights = (np.stack(each) for each in zip(*patches, strict=True))
    # channels last, as the network takes them
    return np.ascontiguousarray(np.moveaxis(image, 1, -1)), classes, pixel_weights


def _styles_of_others(
    sources: Sequence[PatchSource], number: int | None, config: AugmentConfig
) -> list[Float32Array]:
    """Grey values that a patch of a source may take on; none are read where it never does."""
    if not config.histogram_probability:
        return []
    return [style for k, each in enumerate(sources) if k != number for style in each.styles]


def prefetched_batches(make: Callable[[int], _T], count: int) -> Generator[_T]:
    """``make(0)`` to ``make(count - 1)`` in order, each made in a thread before its use."""
    with ThreadPoolExecutor(1, thread_name_prefix="emseg-patches") as pool:
        pending = deque(pool.submit(make, k) for k in range(min(_PREFETCHED, count)))
        try:
            for k in range(_PREFETCHED, _PREFETCHED + count):
                ready = pending.popleft().result()
                if k < count:
                    pending.append(pool.submit(make, k))
                yield ready
        finally:  # the consumer may leave early; do not make it wait for what nobody wants
            for future in pending:
                future.cancel()
