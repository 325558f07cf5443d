"""How the layers are shown, kept to go back to it after a view of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class Arrangement:
    """Order, eyes and names of the layers, and the grid, as they are now.

    Layers that are added later are left alone by `restore`, removed ones are forgotten.

    Parameters
    ----------
    viewer : ViewerModel
        The window.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers = [
            (layer, layer.visible, layer.name_overlay.visible) for layer in viewer.layers
        ]
        grid = viewer.canvas.grid
        self._grid = {name: getattr(grid, name) for name in ("enabled", "stride", "shape")}

    def show_only(self, layers: Sequence[Layer]) -> None:
        """Open the eyes of these layers alone, named, in this order from below."""
        self._sort(layers)
        for layer in self._viewer.layers:
            layer.visible = layer in layers
            layer.name_overlay.visible = layer in layers

    def restore(self) -> None:
        """Show all as it was."""
        for name, value in self._grid.items():
            setattr(self._viewer.canvas.grid, name, value)
        kept = [each for each in self._layers if each[0] in self._viewer.layers]
        self._sort([layer for layer, _, _ in kept])
        for layer, visible, named in kept:
            layer.visible, layer.name_overlay.visible = visible, named

    def _sort(self, wanted: Sequence[Layer]) -> None:
        """Move layers to the bottom of the list, in this order."""
        layers = self._viewer.layers
        for place, layer in enumerate(wanted):
            if layers.index(layer) != place:
                layers.move(layers.index(layer), place)
