"""Predictions fitted to the tissue of a stack, by some places in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import cell_probability
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.packages.package import PackageInfo
from napari_emseg.types import Float32Array, Log, OnEvent, Stack

Predict: TypeAlias = Callable[..., Float32Array]
"""A slice (C, Y, X), and by ``region`` a part of it, to channels (Y, X, K)."""

_LOOKED_AT = 3
"""Slices, spread over those wanted, whose middle is predicted beforehand."""

_LOOKED_AT_PX = 512


def calibrated(
    predict: Predict, stack: Stack, slices: Sequence[int], info: PackageInfo, on_event: OnEvent
) -> Predict:
    """What predicts a stack, so that it finds about as much membrane as in what a model learned.

    Parameters
    ----------
    predict : callable
        A `Predictor`.
    stack : Stack
        Image (Z, Y, X), with dark membranes.
    slices : sequence of int
        Which are wanted; the same ones, wherever a prediction goes on, lead to the same.
    info : PackageInfo
        Of the model, which may know nothing of how much membrane there is.
    on_event : callable
        Receives a `Log` where probabilities are shifted.
    """
    if info.membrane_shares is None:
        return predict
    from napari_emseg.core.segment.calibration import Calibration

    samples = [_sample(predict, stack, z, info) for z in _spread(slices)]
    calibration = Calibration.of(samples, info.threshold, info.membrane_shares)
    if not calibration.shift:
        return predict
    found = "Less" if calibration.shift < 0 else "More"
    on_event(
        Log(
            f"{found} membrane was found than in any tissue that the model learned, so its "
            f"probabilities are shifted (log odds of cell {calibration.shift:+.1f}); that can be "
            "switched off (calibrate)."
        )
    )

    def shifted(image: npt.NDArray[Any], **where: Any) -> Float32Array:
        return calibration(predict(image, **where))

    return shifted


def _spread(slices: Sequence[int]) -> list[int]:
    places = np.linspace(0, len(slices) - 1, min(len(slices), _LOOKED_AT)).round().astype(int)
    return [slices[k] for k in places.tolist()]


def _sample(predict: Predict, stack: Stack, z: int, info: PackageInfo) -> Float32Array:
    """Probability of cell in the middle of a slice; NaN where there is no tissue."""
    from napari_emseg.core.known_area import known_area  # OpenCV: when a slice is read

    image = read_seen(stack, z, info.network)
    middle = tuple(
        slice(start := max(0, (edge - _LOOKED_AT_PX) // 2), min(edge, start + _LOOKED_AT_PX))
        for edge in image.shape[1:]
    )
    probability: Float32Array = cell_probability(predict(image, region=middle))
    known = known_area(image[len(image) // 2])
    if known is not None:
        probability = np.where(known[middle], probability, np.float32(np.nan))
    return probability
