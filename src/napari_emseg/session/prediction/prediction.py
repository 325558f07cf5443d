"""What one model says of one image, slice by slice, and the layers that show it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.tiling import Region
from napari_emseg.engine.jobs import PredictJob
from napari_emseg.session.prediction.layers import SourceImage
from napari_emseg.session.prediction.shown import ShownPrediction

if TYPE_CHECKING:
    from napari_emseg.io.scratch import Scratch
    from napari_emseg.model.packages.package import ModelPackage
    from napari_emseg.session.executor import Executor


_latest = 0.0
"""When the latest prediction of this process was begun, in seconds since 1970."""


@dataclass(frozen=True)
class PredictionSettings:
    """What segments, and how, and what of the slices; the same for all stacks of a click."""

    package: ModelPackage
    device: str
    config: PredictConfig
    region: Region | None = None


class Prediction(ShownPrediction):
    """What one model says of one image, while it is predicted.

    The worker writes probabilities into a file that the probability layer shows; mask and cells are
    made from it beside the window.

    Parameters
    ----------
    image : SourceImage
        The source.
    package : ModelPackage
        The model.
    scratch : Scratch
        Where the shared files lie.
    executor : Executor
        Makes mask and cells.

    Attributes
    ----------
    source : (Z, Y, X) memmap
        What the worker reads; `probability`, `within` and `doubt` are what it writes.
    """

    probability: np.memmap[Any, Any]
    within: np.memmap[Any, Any] | None
    doubt: np.memmap[Any, Any] | None

    def __init__(
        self, image: SourceImage, package: ModelPackage, scratch: Scratch, executor: Executor
    ) -> None:
        self.package, self._scratch = package, scratch
        model, made, shape = str(package.folder), _now(), image.shape
        self.source = scratch.allocate("source", shape, image.dtype, reserve=False)
        names = package.info.class_names
        names = names if len(names) > 2 else ()
        within, doubt = (
            scratch.allocate(name, shape, np.uint8, reserve=False) if names else None
            for name in ("within_cells", "class_doubt")
        )
        arrays = {
            "probability": scratch.allocate("probability", shape, np.float32, reserve=False),
            "mask": np.zeros(shape, np.uint8),
            "cells": np.zeros(shape, np.uint32),
        }
        if names:
            arrays["classes"] = np.zeros(shape, np.uint8)
        layers = {
            kind: image.beside(
                kind, array, model=model, made=made, class_names=names if kind == "classes" else ()
            )
            for kind, array in arrays.items()
        }
        threshold = package.info.threshold
        super().__init__(
            image, model, threshold, made, arrays, layers, executor, scratch,
            class_names=names, within=within, doubt=doubt,
        )  # fmt: skip
        self._is_part = False

    @property
    def source_path(self) -> Path:
        """File with the slices to predict."""
        return Path(str(self.source.filename))

    @property
    def out_path(self) -> Path:
        """File that the worker writes probabilities to."""
        return Path(str(self.probability.filename))

    def can_extend(self, image: SourceImage, package: ModelPackage) -> bool:
        """As declared."""
        if image.layer is not self.image or image.shape != self.mask.shape:  # of another level
            return False
        return str(package.folder) == self.model and self.is_open

    @property
    def _predicted(self) -> list[np.memmap[Any, Any]]:
        """What the worker writes to."""
        return [each for each in (self.probability, self.within, self.doubt) if each is not None]

    # -- slices that come ------------------------------------------------------------------

    def expect(self) -> None:
        """More slices are about to come; cells are followed when the last one has."""
        self._volume.cancel()
        self._is_growing, self._out_of_turn = True, bool(self.done)

    def add_layer(self) -> None:
        """Add the probability layer; the others follow with the first slice.

        Each takes the window some 0.1 s, so they are added at different moments.
        """
        self._shown.add()

    def job(self, slices: Sequence[int], settings: PredictionSettings) -> PredictJob:
        """What has ``slices`` predicted; copies them, so it is for a thread."""
        same = self.settings is None or self.settings.region == settings.region
        self.settings = settings if same else replace(settings, region=None)
        self._is_part = settings.region is not None
        self._copy_slices(slices)
        return PredictJob(
            self.source_path, self.out_path, self.model, tuple(slices),
            settings.device, settings.config, region=settings.region,
            within_cells=_path_of(self.within), class_doubt=_path_of(self.doubt),
            voxel_size_nm=self._image.voxel_size_nm,
        )  # fmt: skip

    def accept(self, z: int) -> None:
        """Show slice ``z``, whose probability the worker has written."""
        self.done.add(z)
        if not self._is_part:
            self.whole.add(z)
        self._maker.make([z])
        self._shown.filled(z, whole=z in self.whole)

    def finish(self, then: Callable[[], object]) -> None:
        """Take the probability layer away where no slice was finished, else complete the results.

        Cells are linked through the slices in order, so they wait for the end; a mask does not.

        ``then`` is called when all slices are shown, which may be before cells are followed through
        them.
        """
        self._is_growing = False
        if not self.done:
            self._shown.remove()
        if self._cut is not None:
            self._maker.after(self.follow)
        elif self._out_of_turn and "cells" in self.rules.kinds:
            self._make_all()
        else:
            self._leave_out_short_cells()
        self._maker.after(partial(self._end, then))  # behind what the short cells wait for

    def release(self) -> None:
        """Delete the shared files; a layer that shows one keeps its pixels until it is gone."""
        super().release()
        for shared in (self.source, *self._predicted):
            self._scratch.release(Path(str(shared.filename)))

    def _end(self, then: Callable[[], object]) -> None:
        self._maker.after(self._draw_thumbnails)
        self._maker.after(then)

    def _copy_slices(self, slices: Sequence[int]) -> None:
        """Put what the worker needs for ``slices`` where it reads."""
        total, network = len(self.source), self.package.info.network
        seen = sorted({near for z in slices for near in network.slices_seen(z, total)})
        self._scratch.reserve(self.source, seen)
        for shared in self._predicted:
            self._scratch.reserve(shared, slices)
        for z in seen:
            self.source[z] = self._image.slice(z)


def _path_of(shared: np.memmap[Any, Any] | None) -> Path | None:
    return None if shared is None else Path(str(shared.filename))


def _now() -> float:
    """Seconds since 1970, later than ever before: the newest is shown, and clocks are set back."""
    global _latest
    _latest = max(time.time(), _latest + 1e-3)
    return _latest
