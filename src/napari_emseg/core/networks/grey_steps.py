"""Grey values of a slice as a network wants them: by its tissue, or step by step.

Each step that a slice goes through is, for this slice, a straight line that may be cut off at both
ends; so that all of them together are `GreyValues`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.networks.foreign import Step
from napari_emseg.core.normalise import EPSILON, GreyValues, moments, sampled

_SAMPLE = 2**22
"""So many pixels, at least, say where percentiles are."""


def grey_values(
    image: npt.NDArray[Any],
    known: npt.NDArray[np.bool_] | None,
    steps: Sequence[Step] | None,
) -> GreyValues:
    """How the grey values of a slice are shifted and scaled for a network.

    Parameters
    ----------
    image : (Y, X) array
        The slice, any integer or float dtype.
    known : (Y, X) bool array, optional
        Where tissue is, whose grey values count; everywhere by default.
    steps : sequence of Step, optional
        What a network of others has done to them; None for one of ours.
    """
    if steps is None:
        return GreyValues.of(image, known)
    if known is not None and not known.any():
        known = None
    line = _Line(image, known)
    for step in steps:
        line = _TAKEN[step.name](line, *step.values)
    shift = -line.offset / line.gain
    return GreyValues(shift, 1 / line.gain - EPSILON, line.low, line.high)


@dataclass(frozen=True, eq=False)
class _Line:
    """Grey values x of an image become gain * clip(x, low, high) + offset."""

    image: npt.NDArray[Any]
    known: npt.NDArray[np.bool_] | None
    gain: float = 1.0
    offset: float = 0.0
    low: float = -math.inf
    high: float = math.inf

    def scaled(self, gain: float, offset: float) -> _Line:
        return replace(self, gain=self.gain * gain, offset=self.offset * gain + offset)

    def clipped(self, least: float, most: float) -> _Line:
        ends = sorted(((least - self.offset) / self.gain, (most - self.offset) / self.gain))
        low, high = (min(max(each, ends[0]), ends[1]) for each in (self.low, self.high))
        return replace(self, low=low, high=high)

    def standardised(self, epsilon: float) -> _Line:
        mean, deviation = moments(self.image, self.known, self.low, self.high)
        scale = 1 / (abs(self.gain) * deviation + epsilon)
        return self.scaled(scale, -(self.gain * mean + self.offset) * scale)

    def ranged(self, first: float, last: float, epsilon: float) -> _Line:
        pixels = np.clip(sampled(self.image, self.known, _SAMPLE), self.low, self.high)
        if not pixels.size:
            return self
        now = pixels.astype(np.float64) * self.gain + self.offset
        low, high = (float(each) for each in np.percentile(now, [first, last]))
        scale = 1 / (high - low + epsilon)
        return self.scaled(scale, -low * scale)


_TAKEN: dict[str, Callable[..., _Line]] = {
    "scale_linear": _Line.scaled,
    "clip": _Line.clipped,
    "zero_mean_unit_variance": _Line.standardised,
    "scale_range": _Line.ranged,
}
