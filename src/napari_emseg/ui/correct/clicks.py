"""Clicks on a layer, which are no drags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_emseg.ui.viewer.layers import pixel_at

if TYPE_CHECKING:
    from napari.layers import Labels

Place = tuple[int, int, int] | None

_SLACK_PX = 3
"""A hand that clicks moves the mouse by so much."""


def on_click(act: Callable[[Place], object]) -> Callable[[Labels, Any], Iterator[None]]:
    """For ``mouse_drag_callbacks``: a click acts on slice, row and column, None beside the layer.

    A drag moves the picture, as ever.
    """

    def on_press(layer: Labels, event: Any) -> Iterator[None]:
        at, begin = pixel_at(layer, event.position), np.array(event.pos)
        moved = False
        yield
        while event.type == "mouse_move":
            moved |= bool(np.hypot(*(np.array(event.pos) - begin)) > _SLACK_PX)
            yield
        if not moved and event.button == 1:
            act(at)

    return on_press
