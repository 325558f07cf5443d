"""Layers of probability, mask and cells that grow beside their source."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.engine.jobs import PredictJob
from napari_emseg.errors import ShapeError
from napari_emseg.types import OURS
from napari_emseg.ui.prediction.postprocess_thread import Postprocessor, SliceResults
from napari_emseg.ui.prediction.result_layer import ResultLayer
from napari_emseg.ui.viewer.label_colors import MASK_COLORS, label_colors
from napari_emseg.ui.viewer.layers import (
    current_slice,
    geometry,
    read_slice,
    shows_slice,
    stack_shape,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image, Layer
    from numpy.typing import DTypeLike

    from napari_emseg.io.scratch import Scratch
    from napari_emseg.model.packages.package import ModelPackage
    from napari_emseg.ui.prediction.request import PredictionSettings

OPACITY = 0.4
living: WeakSet[Prediction] = WeakSet()
"""All that somebody still refers to."""

_numbers = count()


class Prediction:
    """What one model says of one image layer, slice by slice.

    The worker writes probabilities into `out`, a file that the probability layer shows; mask and
    cells are made from it in a thread. A result that a person has edited is never written to again.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers go.
    image : Image
        The source.
    package : ModelPackage
        The model.
    scratch : Scratch
        Where the shared files lie.
    called : str
        What its layers are called on top, so that those of several models can be told apart.

    Attributes
    ----------
    done : set of int
        Slices that are predicted.
    means : PredictionSettings or None
        By what they were, as far as they have it in common.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        package: ModelPackage,
        scratch: Scratch,
        called: str = "",
    ) -> None:
        self._viewer, self.image, self.model = viewer, image, str(package.folder)
        self.package, self._called = package, f" ({called})" if called else ""
        self._network = package.info.network
        self._data, self._scratch = image.data, scratch
        shape = stack_shape(image)
        self.source: np.memmap[Any, Any] = scratch.allocate(
            "source", shape, image.dtype, reserve=False
        )
        self.probability: np.memmap[Any, Any] = scratch.allocate(
            "probability", shape, np.float32, reserve=False
        )
        self.done: set[int] = set()
        self.probability_layer: Image | None = None
        self._results = {
            "mask": self._result_layer("mask", np.uint8, colormap=label_colors(MASK_COLORS)),
            "cells": self._result_layer("cells", np.uint32),
        }
        self._postprocessor = Postprocessor(self.probability, self._put)
        self._rules: tuple[tuple[str, ...], MaskConfig] | None = None
        self._out_of_turn = False
        self.means: PredictionSettings | None = None
        self._hidden: list[Layer] = []
        self.number = next(_numbers)
        living.add(self)

    @property
    def mask(self) -> np.ndarray[Any, Any]:
        """The mask (Z, Y, X), uint8, as far as it is made."""
        return self._results["mask"].data

    def show(self) -> None:
        """Add the probability layer; the others follow with the first slice.

        Each takes the window some 0.1 s, so they are added at different moments.
        """
        self._out_of_turn = bool(self.done)
        if self.probability_layer is None:
            self.probability_layer = self._viewer.add_image(
                self.probability[0] if self.image.ndim == 2 else self.probability,
                name=f"{self.image.name} probability{self._called}",
                contrast_limits=(0, 1),
                colormap="gray",
                visible=False,
                **self._beside_source(),
            )

    def finish(self, then: Callable[[], None]) -> None:
        """Take the probability layer away where no slice was finished, else complete the results.

        Cells are linked through the slices in order, so they wait for the end; a mask does not.

        ``then`` is called when all slices are shown.
        """
        layer = self.probability_layer
        if not self.done and layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
        if self._out_of_turn and "cells" in self.rules[0]:
            self._make_all()
        self._postprocessor.after(self._draw_thumbnails)
        self._postprocessor.after(then)

    def when_shown(self, call: Callable[[], None]) -> None:
        """Call when all slices that are predicted so far are shown."""
        self._postprocessor.after(call)

    @property
    def source_path(self) -> Path:
        """File with the slices to predict."""
        return Path(str(self.source.filename))

    @property
    def out_path(self) -> Path:
        """File that the worker writes probabilities to."""
        return Path(str(self.probability.filename))

    def serves(self, image: Image, model: str) -> bool:
        """Whether more slices of ``image`` may still be added to these layers."""
        layer = self.probability_layer
        kept = layer is None or layer in self._viewer.layers
        same = image is self.image and image.data is self._data and model == self.model
        return (
            same
            and kept
            and not self._postprocessor.stopped
            and all(result.kept for result in self._results.values())
        )

    @property
    def rules(self) -> tuple[tuple[str, ...], MaskConfig]:
        """What is shown, and how it is made."""
        return self._rules or (("mask",), MaskConfig(self.package.info.threshold))

    @property
    def _layers(self) -> list[Layer]:
        """Those in the viewer."""
        made = (self.probability_layer, *(each.layer for each in self._results.values()))
        return [layer for layer in made if layer is not None and layer in self._viewer.layers]

    @property
    def is_shown(self) -> bool:
        """Whether any of its layers is still in the viewer."""
        return bool(self._layers)

    def put_away(self) -> None:
        """Close the eyes of its layers."""
        self._hidden += [layer for layer in self._layers if layer.visible]
        for layer in self._hidden:
            layer.visible = False

    def bring_back(self) -> None:
        """Open those that `put_away` has closed."""
        for layer in self._hidden:
            layer.visible = True
        self._hidden.clear()

    def withdraw(self) -> None:
        """Take its layers out of the viewer, save what a person has edited."""
        edited = [each.layer for each in self._results.values() if each.edited]
        for layer in self._layers:
            if layer not in edited:
                self._viewer.layers.remove(layer)
        self.release()

    def stop(self) -> None:
        """Make no more of mask and cells."""
        self._postprocessor.stop()

    def release(self) -> None:
        """Delete the shared files; a layer that shows one keeps its pixels until it is gone."""
        self.stop()
        for path in (self.source_path, self.out_path):
            self._scratch.release(path)

    def job(self, slices: list[int], means: PredictionSettings) -> PredictJob:
        """What has ``slices`` predicted; copies them, so it is for a thread."""
        same = self.means is None or self.means.region == means.region
        self.means = means if same else replace(means, region=None)
        self._copy_slices(slices)
        return PredictJob(
            self.source_path, self.out_path, self.model, tuple(slices), means.device, means.config,
            region=means.region,
        )  # fmt: skip

    def _copy_slices(self, slices: list[int]) -> None:
        """Put what the worker needs for ``slices`` where it reads."""
        total = len(self.source)
        seen = sorted({near for z in slices for near in self._network.slices_seen(z, total)})
        self._scratch.reserve(self.source, seen)
        self._scratch.reserve(self.probability, slices)
        for z in seen:
            self.source[z] = read_slice(self.image, z)

    def accept(self, z: int) -> None:
        """Show slice ``z``, whose probability the worker has written."""
        self.done.add(z)
        self._postprocessor.make([z])
        layer = self.probability_layer
        if layer is not None and layer.visible and shows_slice(self._viewer, self.image, z):
            layer.refresh(extent=False, thumbnail=False)

    def apply(self, kinds: tuple[str, ...], config: MaskConfig) -> bool:
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
            for kind, result in self._results.items():
                result.show(kind in kinds)
        if before != self._rules:
            self._out_of_turn = True
            self._make_all()
        return not any(self._results[kind].edited for kind in kinds)

    def _make_all(self) -> None:
        """Make all slices anew; cells of the one that is shown keep their ids."""
        assert self._rules is not None
        try:
            here = current_slice(self._viewer, self.image)
        except ShapeError:  # the viewer shows a place beside the image
            here = 0
        shown = self._results["cells"].data[here].copy()
        self._postprocessor.begin(*self._rules, here, shown)
        self._postprocessor.make(sorted(self.done, key=lambda z: abs(z - here)))

    def _put(self, z: int, results: SliceResults) -> None:
        seen = shows_slice(self._viewer, self.image, z)
        for kind, labels in results.items():
            self._results[kind].put(z, labels, draw=seen)

    def _draw_thumbnails(self) -> None:
        for result in self._results.values():
            result.draw_thumbnail()

    def _result_layer(self, kind: str, dtype: DTypeLike, **about: Any) -> ResultLayer:
        return ResultLayer(
            self._viewer,
            stack_shape(self.image),
            dtype,
            flat=self.image.ndim == 2,
            name=f"{self.image.name} {kind}{self._called}",
            opacity=OPACITY,
            **about,
            **self._beside_source(),
        )

    def _beside_source(self) -> dict[str, Any]:
        about = {"source": self.image.name, "model": self.model}
        return {"metadata": {OURS: about}, **geometry(self.image)}
