"""A box drawn over a place of a layer, in whatever pane the layer is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Layer

_OVERLAY = "selection_box"
"""What napari gives each layer to be drawn; only shapes and points use it themselves."""


def box(layer: Layer, y: float, x: float, edge_px: float) -> None:
    """Draw a square around a pixel (Y, X) of a layer, in place of the one that was there."""
    half = edge_px / 2
    overlay = layer._overlays[_OVERLAY]
    overlay.bounds = ((y - half, x - half), (y + half, x + half))
    overlay.visible = True


def unbox(layer: Layer) -> None:
    """Draw no square any more."""
    layer._overlays[_OVERLAY].visible = False
