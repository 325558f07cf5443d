"""A stack, in memory or lazy, through a model: slice after slice, in the process that asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy.typing as npt

from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.segment.segmenter import Segmenter
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.predict.predict import predict_slices
from napari_emseg.model.predict.predictor import Predictor
from napari_emseg.types import Log, OnEvent, ShouldStop, Stack, What


def segment_stack(
    stack: Stack,
    package: ModelPackage,
    what: What,
    *,
    slices: Sequence[int] | None = None,
    device: str = "auto",
    config: PredictConfig = PredictConfig(),
    rules: MaskConfig = MaskConfig(),
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Segment slices one after another, in the order given; the next one is read meanwhile.

    Parameters
    ----------
    stack : Stack
        Image (Z, Y, X).
    package : ModelPackage
        The model.
    what : {"probability", "mask", "cells", "classes"}
        See `core.segment.segmenter`.
    slices : sequence of int, optional
        Which; all by default.
    device : str
        ``auto``, ``cpu``, ``gpu`` or ``gpu:0``.
    config, rules : PredictConfig, MaskConfig
        How the network runs, and how its probability becomes mask or cells.
    on_event : callable
        Receives a `Log` where something takes long, or had to change.
    should_stop : callable
        Looked at before every slice; the slices end early when it turns true.

    Yields
    ------
    (int, (Y, X) array)
        Index of a slice, and its pixels, of the dtype in `core.segment.segmenter.DTYPES`.

    Raises
    ------
    ShapeError
        If a slice does not exist.
    ModelError, DeviceError, MemoryShortError, MissingPackageError
        If the network cannot be run.
    """
    slices = range(len(stack)) if slices is None else slices
    stack.require_slices(slices)
    on_event(Log(f"Loading model {package.info.name!r}."))
    predictor = Predictor.of(package, device, config, on_event)
    segmenter = Segmenter(what, rules)
    predicted = predict_slices(
        stack, slices, predictor, package.info.network, should_stop=should_stop
    )
    for k, (z, channels) in enumerate(predicted):
        yield z, segmenter(k, channels)
