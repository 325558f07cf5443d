"""What is told of slices as they are predicted: missing sections, and what looks wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import cell_probability
from napari_emseg.types import Float32Array, Log, OnEvent

_FIRST = 3
"""So many slices are looked at before a prediction is taken for good."""


class Watch:
    """Predicts slices, and tells what a person should know of them.

    Of predictions that look wrong the first one is told, and no more.

    Parameters
    ----------
    predict : callable
        A slice (C, Y, X) in the middle of its neighbours to channels (Y, X, K).
    threshold : float
        A pixel is cell above it.
    on_event : callable
        Receives a `Log`.
    doubts : bool
        Whether the first of them are looked at for what is odd; else for missing sections alone.
    whole : bool
        Whether whole slices come; of parts of them nothing can be told.
    """

    def __init__(
        self,
        predict: Callable[[npt.NDArray[Any]], Float32Array],
        threshold: float,
        on_event: OnEvent,
        *,
        doubts: bool = True,
        whole: bool = True,
    ) -> None:
        self._predict, self._threshold, self._emit = predict, threshold, on_event
        self._left, self._whole = _FIRST if doubts else 0, whole
        self._image: npt.NDArray[Any] = np.empty((0, 0))

    def __call__(self, image: npt.NDArray[Any]) -> Float32Array:
        """What is predicted for a slice."""
        self._image = image[len(image) // 2]
        return self._predict(image)

    def look(self, z: int, channels: Float32Array) -> None:
        """Look at what was predicted last; it is called slice ``z``."""
        if not self._whole:
            return
        from napari_emseg.core.segment.plausibility import is_of_nothing

        image, probability = self._image, cell_probability(channels)
        if is_of_nothing(probability) and holds_nothing(image):
            self._emit(
                Log(
                    f"Slice {z} holds nothing (a missing section): no cells there; cells are "
                    "linked across it."
                )
            )
        elif self._left:
            self._look(z, image, probability)

    def _look(self, z: int, image: npt.NDArray[Any], probability: Float32Array) -> None:
        from napari_emseg.core.segment.plausibility import doubt_about

        self._left -= 1
        if doubt := doubt_about(image, probability, self._threshold):
            self._left = 0
            self._emit(Log(f"Slice {z}: {doubt[0].lower()}{doubt[1:]}"))


def holds_nothing(image: npt.NDArray[Any]) -> bool:
    """Whether a slice (Y, X) is a missing section."""
    from napari_emseg.core.known_area import known_area

    known = known_area(image)
    return known is not None and not known.any()
