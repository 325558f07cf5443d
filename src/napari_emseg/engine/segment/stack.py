"""A stack, in memory or lazy, through a model: slice after slice, in the process that asks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy.typing as npt

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.core.segment.pixel_fit import fit_pixels
from napari_emseg.core.segment.tiling import Region
from napari_emseg.engine.segment.jobs import PredictResult
from napari_emseg.engine.segment.polarity import with_dark_membranes
from napari_emseg.engine.segment.watch import Watch, holds_nothing
from napari_emseg.errors import CancelledError
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.predict.predict import predict_slices
from napari_emseg.model.predict.predictor import Predictor
from napari_emseg.model.runtimes.runtime import choose_runtime
from napari_emseg.types import (
    Float32Array,
    Log,
    OnEvent,
    Progress,
    ShouldStop,
    SliceDone,
    Stack,
    What,
)


class StackPrediction:
    """A stack on its way through a model: what is predicted, how far it is, how it ends.

    Parameters
    ----------
    stack : Stack
        Image (Z, Y, X).
    package : ModelPackage
        The model.
    slices : sequence of int, optional
        Which, in the order wanted; all by default.
    device : str
        ``auto``, ``cpu``, ``gpu`` or ``gpu:0``.
    config : PredictConfig
        How the network runs.
    on_event : callable
        Receives a `SliceDone` and a `Progress` for each slice, and a `Log` where something takes
        long, or had to change, and for what was found of stack and prediction.
    should_stop : callable
        Looked at before every slice; the slices end early when it turns true.

    Raises
    ------
    ShapeError
        If a slice does not exist.
    SettingError
        If pixels of stack and model are too different.
    """

    def __init__(
        self,
        stack: Stack,
        package: ModelPackage,
        *,
        slices: Sequence[int] | None = None,
        device: str = "auto",
        config: PredictConfig = PredictConfig(),
        on_event: OnEvent = lambda _: None,
        should_stop: ShouldStop = lambda: False,
    ) -> None:
        self.stack, self.package = stack, package
        self.slices = range(len(stack)) if slices is None else slices
        self.stack.require_slices(self.slices)
        self._wanted_device, self._config = device, config
        self._pixels = fit_pixels(stack.voxel_size_nm, package.info.voxel_size_nm, config)
        self._emit, self._should_stop = on_event, should_stop
        self._before = self._done = 0
        self._device = "no device"
        self._start = time.monotonic()

    def predicted(
        self, region: Region | None = None, *, skip: int = 0, again: int = 0
    ) -> Iterator[tuple[int, Float32Array]]:
        """Slices and their channels, without the first ``skip``, which are there already.

        The last ``again`` of these come all the same.
        """
        self._before = self._done = skip
        if skip == len(self.slices):
            return
        info = self.package.info
        stack = self._as_learned()
        self._emit(Log(f"Loading model {info.name!r}."))
        if self._config.int8:
            self._have_int8(stack)
        predictor = Predictor.of(
            self.package, self._wanted_device, self._config, self._emit, self._pixels.resampling
        )
        self._start = time.monotonic()
        if skip:
            self._emit(Progress(skip, len(self.slices), "slices"))
        predict = partial(predictor, region=region)
        watch = Watch(predict, info.threshold, self._emit, whole=region is None)
        for z, channels in predict_slices(
            stack, self.slices[skip - again :], watch, info.network, should_stop=self._should_stop
        ):
            watch.look(z, channels)
            yield z, channels
        self._device = predictor.runtime

    def _as_learned(self) -> Stack:
        """The stack with dark membranes, and what a person should know of it told."""
        for said in (*self.stack.notes, self._pixels.said):
            if said:
                self._emit(Log(said))
        return with_dark_membranes(self.stack, self.slices, self._config.membranes, self._emit)

    def _have_int8(self, stack: Stack) -> None:
        """Make the int8 form of a model that has none, where OpenVINO would take it."""
        from napari_emseg.model.runtimes.int8 import ensure_int8

        is_ours = isinstance(self.package.info.network, NetworkConfig)
        chosen = choose_runtime(self._wanted_device, self._config.runtime)
        if is_ours and chosen == "openvino":
            resampling = self._pixels.resampling
            ensure_int8(self.package, stack, self.slices, resampling, self._emit)

    def is_missing(self, z: int) -> bool:
        """Whether slice ``z`` is a missing section, across which cells are linked."""
        return holds_nothing(self.stack.slice(z))

    def slices_back(self, done: int, tissue: int) -> int:
        """How many of the first ``done``, from the last one back, hold so many not missing."""
        back = 0
        while tissue and back < done:
            back += 1
            tissue -= not self.is_missing(self.slices[done - back])
        return back

    def finished(self, z: int) -> None:
        """Tell that slice ``z`` is where it belongs."""
        self._done += 1
        total, seconds = len(self.slices), time.monotonic() - self._start
        left = seconds / (self._done - self._before) * (total - self._done)
        self._emit(SliceDone(z))
        self._emit(Progress(self._done, total, "slices", left))

    def result(
        self, kept: str = "they are kept", *, cells: CellCount | None = None, **mending: Any
    ) -> PredictResult:
        """How it ended, with ``cells`` made.

        Raises
        ------
        CancelledError
            Where slices are missing; it says what is ``kept``, and has the settings ``mending``.
        """
        done, total = self._done, len(self.slices)
        if done < total:
            raise CancelledError(f"Stopped after {done} of {total} slices; {kept}.", **mending)
        seconds = time.monotonic() - self._start
        threshold = self.package.info.threshold
        return PredictResult(done - self._before, seconds, self._device, threshold, cells)


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
        Index of a slice, and its pixels, of the dtype in `core.segment.segmenter.DTYPES`; cells
        that must live in several slices come that many later.

    Raises
    ------
    ShapeError
        If a slice does not exist.
    ModelError, DeviceError, MemoryShortError, MissingPackageError
        If the network cannot be run.
    """
    from napari_emseg.core.segment.segmenter import Segmenter  # scipy and skimage: the worker waits

    work = StackPrediction(
        stack, package, slices=slices, device=device, config=config, on_event=on_event,
        should_stop=should_stop,
    )  # fmt: skip
    segmenter, wanted = Segmenter(what, rules), iter(work.slices)
    done = 0
    for _, channels in work.predicted():
        for pixels in segmenter(done, channels):
            yield next(wanted), pixels
        done += 1
    if done == len(work.slices):
        for pixels in segmenter.end():
            yield next(wanted), pixels
