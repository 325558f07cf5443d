"""The layers that a person has chosen to compare."""

from __future__ import annotations

from collections.abc import Callable

from napari_emseg.errors import EmsegError
from napari_emseg.session.compare.layer_pair import ComparedLayer, LayerPair
from napari_emseg.types import LabelsMeaning


class ChosenLayers:
    """Prediction, truth and second prediction, each there or not.

    Parameters
    ----------
    on_pixels : callable
        Called when pixels of one of them were painted or drawn anew.
    on_replaced : callable
        Called when prediction or truth has other pixels, or another place.
    on_second_replaced : callable
        Called when the second prediction has.
    """

    def __init__(
        self,
        on_pixels: Callable[[], object],
        on_replaced: Callable[[], object],
        on_second_replaced: Callable[[], object],
    ) -> None:
        self._on_pixels, self._on_replaced = on_pixels, on_replaced
        self._on_second_replaced = on_second_replaced
        self.prediction: ComparedLayer | None = None
        self.truth: ComparedLayer | None = None
        self.second: ComparedLayer | None = None
        self.meaning: LabelsMeaning = "instances"

    def choose(
        self,
        prediction: ComparedLayer | None,
        truth: ComparedLayer | None,
        meaning: LabelsMeaning,
    ) -> None:
        """Follow these in place of those that were."""
        _let_go(self.prediction, self.truth)
        self.prediction, self.truth, self.meaning = prediction, truth, meaning
        self._follow(prediction, self._on_replaced)
        self._follow(truth, self._on_replaced)

    def choose_second(self, second: ComparedLayer | None) -> None:
        """Follow this second prediction in place of the one that was."""
        _let_go(self.second)
        self.second = second
        self._follow(second, self._on_second_replaced)

    def pair(self) -> LayerPair:
        """Prediction and truth.

        Raises
        ------
        EmsegError
            If one is missing, or they do not fit.
        """
        return self._pair_of(self.prediction, "Prediction")

    def second_pair(self) -> LayerPair:
        """Second prediction and truth; raises as `pair`."""
        return self._pair_of(self.second, "Second")

    def close(self) -> None:
        """Let go of all of them."""
        _let_go(self.prediction, self.truth, self.second)

    def _pair_of(self, prediction: ComparedLayer | None, name: str) -> LayerPair:
        if prediction is None:
            raise EmsegError(f"{name}: choose a layer; the dock Segment makes one.")
        if self.truth is None:
            raise EmsegError("Truth: open or paint labels first, and choose them here.")
        if prediction.layer is self.truth.layer:
            raise EmsegError(f"{name}: the layer is the truth itself; choose another one.")
        return LayerPair(prediction, self.truth, self.meaning)

    def _follow(self, layer: ComparedLayer | None, on_replaced: Callable[[], object]) -> None:
        if layer is not None:
            layer.changed.connect(self._on_pixels)
            layer.replaced.connect(on_replaced)


def _let_go(*layers: ComparedLayer | None) -> None:
    for layer in layers:
        if layer is not None:
            layer.changed.disconnect()
            layer.replaced.disconnect()
            layer.close()
