"""Cells in the colours of what was measured of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.utils.colormaps import DirectLabelColormap

from napari_emseg.errors import EmsegError
from napari_emseg.ui.viewer.label_colors import make_ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_emseg.session.executor import Executor

COLORS = "viridis"
_STEPS = 128
_UNKNOWN = np.array([0.5, 0.5, 0.5, 1], np.float32)
_CLEAR = np.zeros(4, np.float32)


class CellColors:
    """Colours a labels layer, and gives it back its own colours.

    Parameters
    ----------
    executor : Executor
        Makes the colours: 20,000 of them take half a second.
    failed : callable
        Is told why cells cannot be coloured.
    """

    def __init__(self, executor: Executor, failed: Callable[[str], object]) -> None:
        self._lane, self._failed = executor.lane("colours"), failed
        self._layer: Labels | None = None
        self._before: Any = None

    @property
    def is_on(self) -> bool:
        """Whether cells are coloured, or about to be."""
        return self._layer is not None

    def show(
        self, layer: Labels, ids: npt.NDArray[np.int64], parts: npt.NDArray[np.float64]
    ) -> None:
        """Colour cells (N,) by parts 0..1; grey for NaN; what is no such cell is not seen."""
        if layer is not self._layer:
            self.revert()
            self._layer, self._before = layer, layer.colormap
        dtype = layer.data.dtype
        self._lane.latest(lambda: _colormap(ids, parts, dtype), self._put, self._failed)

    def revert(self) -> None:
        """Give the layer its own colours."""
        self._lane.drop()
        layer, before, self._layer, self._before = self._layer, self._before, None, None
        if layer is not None and layer.colormap is not before:
            layer.colormap = before

    def stop(self) -> None:
        """As `revert`, for good."""
        self.revert()
        self._lane.stop()

    def _put(self, colormap: DirectLabelColormap) -> None:
        if self._layer is not None:
            self._layer.colormap = colormap


@cache
def scale_colors(count: int = _STEPS) -> npt.NDArray[np.float32]:
    """Colours (count, 4) from the lower to the upper end of a scale."""
    from napari.utils.colormaps import ensure_colormap

    colors: npt.NDArray[np.float32] = ensure_colormap(COLORS).map(np.linspace(0, 1, count))
    return colors


def _colormap(
    ids: npt.NDArray[np.int64], parts: npt.NDArray[np.float64], dtype: np.dtype[Any]
) -> DirectLabelColormap:
    """A colormap for labels of this type, ready to be drawn."""
    colors = scale_colors()
    steps = np.where(np.isnan(parts), -1, np.round(parts * (_STEPS - 1))).astype(int)
    of_ids = {
        cell: _UNKNOWN if step < 0 else colors[step]
        for cell, step in zip(ids.tolist(), steps.tolist(), strict=True)
    }
    colormap = DirectLabelColormap(color_dict={None: _CLEAR, 0: _CLEAR, **of_ids})
    try:
        make_ready(colormap, dtype)
    except RuntimeError as error:  # napari's own, without numba
        raise EmsegError(
            "Colours: ids above 65536 can be coloured with the package numba only; install it "
            "(pip install numba), or number the cells anew"
        ) from error
    return colormap
