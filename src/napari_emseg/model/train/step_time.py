"""Measuring how fast a network trains here, and how large a one there is time for."""

from __future__ import annotations

import time
from statistics import median

import numpy as np

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.train.patches import Batch
from napari_emseg.errors import CancelledError
from napari_emseg.model.hardware.devices import on_device
from napari_emseg.model.train.learner import new_learner, training_precision
from napari_emseg.types import Log, OnEvent, Progress, ShouldStop

_FIRST = 2
"""Steps that compile, and so do not count."""

_COUNTED = 5

_FEW_STEPS = 600
_FEWER_FILTERS = 8
"""Of a network that has fewer steps; see *Ten minutes* in ``docs/recipes.md``."""


def measure_step_time(
    recipe: Recipe, *, device: str, on_event: OnEvent, should_stop: ShouldStop
) -> float:
    """Seconds that a step of training takes.

    Parameters
    ----------
    recipe : Recipe
        Network, patch and batch size, loss.
    device : str
        As `devices.choose_device` takes it.
    on_event : callable
        Receives a `Progress` after every step.
    should_stop : callable
        Asked after every step.

    Raises
    ------
    CancelledError
        If stopped.
    """
    with on_device(device) as chosen:
        learner = new_learner(
            recipe.network,
            recipe.train,
            precision=training_precision(recipe.train, chosen),
            start_from=None,
        )
        batch, seconds = _noise(recipe), []
        total = _FIRST + _COUNTED
        for done in range(1, total + 1):
            begun = time.perf_counter()
            learner.step(batch, recipe.train.learning_rate)
            seconds.append(time.perf_counter() - begun)
            on_event(Progress(done, total, "steps"))
            if should_stop():
                raise CancelledError("Measuring was stopped.")
    return median(seconds[_FIRST:])


def affordable_filters(
    recipe: Recipe, *, device: str, on_event: OnEvent, should_stop: ShouldStop
) -> int:
    """Filters of the first level of a new network that there are minutes for; says why.

    With half of the filters a step takes a third of the time, and three steps of a small network
    teach it more than one of a large one, as long as there are but few.

    Parameters
    ----------
    recipe : Recipe
        Limited by minutes, with the usual number of filters, which is measured.
    device, should_stop
        As `measure_step_time` takes them.
    on_event : callable
        Receives a `Log` before it is measured, and where there are fewer filters than usual.

    Raises
    ------
    CancelledError
        If stopped.
    """
    usual, minutes = recipe.network.first_filters, recipe.train.minutes
    on_event(Log("Measuring how many steps fit into the time ..."))
    seconds = measure_step_time(
        recipe, device=device, on_event=lambda _: None, should_stop=should_stop
    )
    steps = round(60 * minutes / seconds)
    if steps >= _FEW_STEPS:
        return usual
    on_event(Log(
        f"Only some {steps} steps with {usual} filters at first (base_filters) fit into "
        f"{minutes:g} minutes, so there are {_FEWER_FILTERS}, with which it makes more of them."
    ))  # fmt: skip
    return _FEWER_FILTERS


def _noise(recipe: Recipe) -> Batch:
    """A batch of the right size."""
    rng, train = np.random.default_rng(0), recipe.train
    shape = (train.batch_size, train.patch_size, train.patch_size)
    image = rng.normal(size=(*shape, recipe.network.input_slices)).astype(np.float32)
    classes = rng.integers(0, recipe.network.classes, shape, np.uint8)
    return image, classes, np.ones(shape, np.float32)
