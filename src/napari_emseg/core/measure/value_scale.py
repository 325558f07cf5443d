"""From where to where values of a column are drawn and coloured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

_WITHIN = (0.01, 0.99)
"""Of the values: a few giants would leave all others in one colour."""

_FEW = 100
"""Values of which none is left out."""

_DECADES = 1.5
"""From which breadth on, in powers of ten, values are told apart by their logarithm."""


@dataclass(frozen=True)
class ValueScale:
    """A linear or logarithmic scale.

    Parameters
    ----------
    low, high : float
        Its ends; values beyond them lie there.
    is_log : bool
        Whether it is logarithmic.
    """

    low: float
    high: float
    is_log: bool = False

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Self | None:
        """The scale of values (N,): of many, the lowest and highest hundredth are left out.

        It is logarithmic where all are above 0 and it goes over more than 1.5 powers of ten. None
        where no value is a number.
        """
        known = np.asarray(values, np.float64)
        known = known[np.isfinite(known)]
        if not known.size:
            return None
        within = _WITHIN if known.size > _FEW else (0, 1)
        low, high = (float(each) for each in np.quantile(known, within))
        is_log = bool(known.min() > 0 and high > low * 10**_DECADES)
        return cls(low, high, is_log)

    def parts(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Where values lie, 0 at the lower end and 1 at the upper one; NaN stays."""
        values = np.clip(np.asarray(values, np.float64), self.low, self.high)
        low, high = self.low, self.high
        if self.is_log:
            values, low, high = np.log(values), np.log(low), np.log(high)
        if high == low:
            return np.where(np.isnan(values), np.nan, 0.5)
        parts: npt.NDArray[np.float64] = (values - low) / (high - low)
        return parts

    def edges(self, count: int) -> npt.NDArray[np.float64]:
        """Ends of so many bins of equal breadth on the scale, (count + 1,)."""
        low, high = self.low, self.high
        if high == low:
            low, high = low - 0.5, high + 0.5
        return (
            np.geomspace(low, high, count + 1) if self.is_log else np.linspace(low, high, count + 1)
        )
