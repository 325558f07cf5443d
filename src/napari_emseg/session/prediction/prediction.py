"""What one model says of one image, slice by slice, and the layers that show it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.segment.tiling import Region
from napari_emseg.engine.jobs import PredictJob
from napari_emseg.session.prediction.layers import GrowingLayer, SourceImage
from napari_emseg.session.prediction.results import Changes, Kinds, ResultMaker, SliceResults

if TYPE_CHECKING:
    from napari_emseg.core.segment.cell_count import CellCount
    from napari_emseg.io.scratch import Scratch
    from napari_emseg.model.packages.package import ModelPackage
    from napari_emseg.session.executor import Executor


@dataclass(frozen=True)
class PredictionSettings:
    """What segments, and how, and what of the slices; the same for all stacks of a click."""

    package: ModelPackage
    device: str
    config: PredictConfig
    region: Region | None = None


class Prediction:
    """What one model says of one image.

    The worker writes probabilities into a file that the probability layer shows; mask and cells are
    made from it beside the window. A result that a person has edited is never written to again.

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
    called : str
        What its layers are called on top, so that those of several models can be told apart.

    Attributes
    ----------
    source, probability : (Z, Y, X) memmap
        What the worker reads, and what it writes: float32, 0..1.
    mask, cells : (Z, Y, X) array
        As far as they are made; uint8 and uint32.
    done : set of int
        Slices that are predicted.
    whole : set of int
        Those of them that are predicted as a whole, and not only where a person looked.
    settings : PredictionSettings or None
        By what they were, as far as they have it in common.
    count : CellCount or None
        How many cells there are, when all were made that are wanted.
    counted : psygnal.Signal
        Emitted when that is another.
    """

    counted = Signal()

    def __init__(
        self,
        image: SourceImage,
        package: ModelPackage,
        scratch: Scratch,
        executor: Executor,
        *,
        called: str = "",
    ) -> None:
        self._image, self._pixels, self._scratch = image, image.pixels, scratch
        self.package, self.model = package, str(package.folder)
        shape = image.shape
        self.source = scratch.allocate("source", shape, image.dtype, reserve=False)
        self.probability = scratch.allocate("probability", shape, np.float32, reserve=False)
        self.mask, self.cells = np.zeros(shape, np.uint8), np.zeros(shape, np.uint32)
        self._shown, *results = (
            image.beside(kind, getattr(self, kind), model=self.model, called=called)
            for kind in ("probability", "mask", "cells")
        )
        self._results = dict(zip(("mask", "cells"), results, strict=True))
        self._maker = ResultMaker(self.probability, self._put, executor)
        self._rules: tuple[Kinds, MaskConfig] | None = None
        self._out_of_turn = False
        self.done: set[int] = set()
        self.whole: set[int] = set()
        self._is_part = False
        self.settings: PredictionSettings | None = None
        self.count: CellCount | None = None

    # -- what it is ------------------------------------------------------------------------

    @property
    def image(self) -> Hashable:
        """The layer that is predicted."""
        return self._image.layer

    @property
    def source_path(self) -> Path:
        """File with the slices to predict."""
        return Path(str(self.source.filename))

    @property
    def out_path(self) -> Path:
        """File that the worker writes probabilities to."""
        return Path(str(self.probability.filename))

    @property
    def rules(self) -> tuple[Kinds, MaskConfig]:
        """What is shown, and how it is made."""
        return self._rules or (("mask",), MaskConfig(self.package.info.threshold))

    @property
    def is_shown(self) -> bool:
        """Whether any of its layers is still in the viewer."""
        return any(layer.is_shown for layer in self._layers)

    @property
    def is_open(self) -> bool:
        """Whether it may be written to: nobody has edited or removed a layer, or the pixels."""
        return (
            not self._maker.is_stopped
            and self._image.pixels is self._pixels
            and not any(layer.is_removed or layer.is_edited for layer in self._layers)
        )

    def can_extend(self, image: SourceImage, package: ModelPackage) -> bool:
        """Whether more slices of ``image`` by that model may still be added to these layers."""
        if image.layer is not self.image or image.shape != self.mask.shape:  # of another level
            return False
        return str(package.folder) == self.model and self.is_open

    @property
    def _layers(self) -> tuple[GrowingLayer, ...]:
        return (self._shown, *self._results.values())

    # -- slices that come ------------------------------------------------------------------

    def expect(self) -> None:
        """More slices are about to come."""
        self._out_of_turn = bool(self.done)

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

        ``then`` is called when all slices are shown.
        """
        if not self.done:
            self._shown.remove()
        if self._out_of_turn and "cells" in self.rules[0]:
            self._make_all()
        else:
            self._leave_out_short_cells()
        self._maker.after(partial(self._end, then))  # behind what the short cells wait for

    def when_shown(self, call: Callable[[], object]) -> None:
        """Call when all slices that are predicted so far are shown."""
        self._maker.after(call)

    # -- what is shown of them -------------------------------------------------------------

    def apply(self, kinds: Kinds, config: MaskConfig) -> bool:
        """Make the results anew from the probability, the slice that is shown first.

        Parameters
        ----------
        kinds : tuple of str
            Which layers to show: ``mask``, ``cells`` or both.
        config : MaskConfig
            How they are made.

        Returns
        -------
        bool
            False where a person has edited one of them, so that it stays as it is.
        """
        before, self._rules = self._rules, (kinds, config)
        if before is None or before[0] != kinds:
            for kind, layer in self._results.items():
                layer.open_eye(kind in kinds)
        if before != self._rules:
            self._out_of_turn = True
            self._make_all()
            if "cells" not in kinds:
                self._tell(None)
        return not any(self._results[kind].is_edited for kind in kinds)

    def hide(self) -> None:
        """Close the eyes of its layers."""
        for layer in self._layers:
            layer.hide()

    def show(self) -> None:
        """Open those that `hide` has closed."""
        for layer in self._layers:
            layer.show()

    def remove(self) -> None:
        """Take its layers out of the viewer, save what a person has edited."""
        for layer in self._layers:
            if not layer.is_edited:
                layer.remove()
        self.release()

    def stop(self) -> None:
        """Make no more of mask and cells."""
        self._maker.stop()

    def release(self) -> None:
        """Delete the shared files; a layer that shows one keeps its pixels until it is gone."""
        self.stop()
        for path in (self.source_path, self.out_path):
            self._scratch.release(path)

    # -- how -------------------------------------------------------------------------------

    def _copy_slices(self, slices: Sequence[int]) -> None:
        """Put what the worker needs for ``slices`` where it reads."""
        total, network = len(self.source), self.package.info.network
        seen = sorted({near for z in slices for near in network.slices_seen(z, total)})
        self._scratch.reserve(self.source, seen)
        self._scratch.reserve(self.probability, slices)
        for z in seen:
            self.source[z] = self._image.slice(z)

    def _make_all(self) -> None:
        """Make all slices anew; cells of the one that is shown keep their ids."""
        here = self._image.here
        self._maker.begin(*self.rules, here, self.cells[here].copy())
        self._maker.make(nearest_first(self.done, here))
        self._leave_out_short_cells()

    def _leave_out_short_cells(self) -> None:
        if self.done:
            self._maker.leave_out_short_cells(self.whole, self.cells, self._put_long_cells)

    def _put_long_cells(self, slices: Changes, count: CellCount) -> None:
        for z, cells in slices.items():
            if not np.array_equal(cells, self.cells[z]):
                self._put(z, {"cells": cells})
        self._tell(count)

    def _tell(self, count: CellCount | None) -> None:
        self.count = count
        self.counted.emit()

    def _put(self, z: int, results: SliceResults) -> None:
        for kind, labels in results.items():
            layer = self._results[kind]
            if not (layer.is_removed or layer.is_edited):
                getattr(self, kind)[z] = labels
                layer.filled(z, whole=z in self.whole)

    def _end(self, then: Callable[[], object]) -> None:
        self._maker.after(self._draw_thumbnails)
        self._maker.after(then)

    def _draw_thumbnails(self) -> None:
        for layer in self._results.values():
            layer.draw_thumbnail()


def nearest_first(slices: Sequence[int] | set[int], here: int) -> list[int]:
    """The slices, those next to ``here`` first."""
    return sorted(slices, key=lambda z: abs(z - here))
