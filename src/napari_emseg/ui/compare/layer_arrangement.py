"""How the layers are shown, kept to go back to it after a view of ours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer


_LETTER, _SMALLEST_PT = 0.97, 6.0
"""Width of a letter on the canvas in px for each point of size, and the least size to be read."""


class Arrangement:
    """Order, eyes, names and their size of the layers, and the grid, as they are now.

    Layers that are added later are left alone by `restore`, removed ones are forgotten. napari
    arranges its whole scene anew for every eye, so both are works for one turn each.

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
        self._sizes = [(layer, _name(layer).font_size) for layer in viewer.layers]
        grid = viewer.canvas.grid
        self._grid = {name: getattr(grid, name) for name in ("enabled", "stride", "shape")}

    def show_only(self, layers: Sequence[Layer]) -> list[Callable[[], None]]:
        """Open the eyes of these layers alone, in this order from below, without their names."""
        others = [layer for layer in self._viewer.layers if layer not in layers]
        return [
            *(partial(_open_eye, layer, False, False) for layer in others),
            partial(self._sort, layers),
            *(partial(_open_eye, layer, True, False) for layer in layers),
        ]

    def name(self, layers: Sequence[Layer], named: bool) -> list[Callable[[], None]]:
        """Show the names of these layers, or not.

        napari makes names anew in every pane when the grid is turned on or off, all at once: so
        they come after it, and go before it.
        """
        return [partial(_show_name, layer, named) for layer in layers]

    def restore(self) -> list[Callable[[], None]]:
        """Show all as it was; the grid first."""
        return [
            self._restore_grid,
            partial(self._sort, [layer for layer, _, _ in self._layers]),
            *(partial(_open_eye, *each) for each in self._layers),
            self._restore_sizes,
        ]

    def fit_names(self, width_px: float) -> None:
        """Write names so small that they fit into this width, as far as they can be read then."""
        for layer, size in self._sizes:
            fitting = width_px / (_LETTER * max(len(layer.name), 1))
            _name(layer).font_size = min(size, max(fitting, _SMALLEST_PT))

    def _restore_sizes(self) -> None:
        for layer, size in self._sizes:
            _name(layer).font_size = size

    def _restore_grid(self) -> None:
        for name, value in self._grid.items():
            setattr(self._viewer.canvas.grid, name, value)

    def _sort(self, wanted: Sequence[Layer]) -> None:
        """Move layers to the bottom of the list, in this order."""
        layers = self._viewer.layers
        for place, layer in enumerate(each for each in wanted if each in layers):
            if layers.index(layer) != place:
                layers.move(layers.index(layer), place)


def _name(layer: Layer) -> Any:
    """What writes the name of a layer on the canvas; napari says no more than that it overlays."""
    return layer.name_overlay


def _open_eye(layer: Layer, visible: bool, named: bool) -> None:
    if layer.visible != visible:
        layer.visible = visible
    _show_name(layer, named)


def _show_name(layer: Layer, named: bool) -> None:
    _name(layer).visible = named
