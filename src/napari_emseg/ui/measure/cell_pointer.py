"""From a row to the cell that it is about, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_emseg.session.measure.places import Place
from napari_emseg.ui.viewer.canvas_box import CanvasBox
from napari_emseg.ui.viewer.go_to import go_to, go_to_slice, place_of
from napari_emseg.ui.viewer.slice_in_view import slice_in_view
from napari_emseg.ui.viewer.window import unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Labels

_ROOM = 1.25
"""Of the box around a cell, as a multiple of the cell."""


class CellPointer:
    """Moves the view, draws a box around a cell, and tells which cell is pointed at.

    Parameters
    ----------
    viewer : ViewerModel
        The window.
    layer : callable
        Gives the layer whose cells are measured, or None.

    Attributes
    ----------
    pointed : psygnal.Signal
        Emitted with the label under the pointer when it is another one; 0 where there is none.
    """

    pointed = Signal(int)

    def __init__(self, viewer: ViewerModel, layer: Callable[[], Labels | None]) -> None:
        self._viewer, self._layer_of, self._last = viewer, layer, 0
        self._box = CanvasBox(viewer, "emseg_measured")
        viewer.dims.events.current_step.connect(self._box.hide)
        # not the cursor's own event: that comes, too, where another slice comes under it
        self._moves = unwrapped(viewer).mouse_move_callbacks
        self._moves.append(self._look)
        viewer.events.mouse_over_canvas.connect(self._look)

    @property
    def seen_slice(self) -> int | None:
        """The slice that is seen, flat."""
        return slice_in_view(self._viewer, self._layer_of())

    @property
    def is_boxed(self) -> bool:
        """Whether a box is drawn."""
        return self._box.is_shown

    def go_to(self, place: Place, cell: int | None = None) -> None:
        """Show a place in the middle of the view, and choose its label."""
        if (layer := self._layer_of()) is None:
            return
        go_to(self._viewer, layer, place[:3], size_px=place.size_px)
        self.box(place)
        if cell is not None:
            layer.selected_label = cell

    def go_to_slice(self, z: int) -> None:
        """Show a slice."""
        if (layer := self._layer_of()) is not None:
            go_to_slice(self._viewer, layer, z)

    def box(self, place: Place | None) -> None:
        """Draw a box around a place of the slice that is seen; none for None."""
        layer = self._layer_of()
        if place is None or layer is None or place.z != self.seen_slice:
            self._box.hide()
            return
        edge = _ROOM * place.size_px * abs(float(layer.scale[-1]))
        self._box.show(place_of(self._viewer, layer, place[:3]), edge)

    def say(self, words: str) -> None:
        """Say something in the line below the canvas."""
        self._viewer.status = words

    def stop(self) -> None:
        """Draw and tell nothing any more."""
        self._viewer.dims.events.current_step.disconnect(self._box.hide)
        self._moves.remove(self._look)
        self._viewer.events.mouse_over_canvas.disconnect(self._look)
        self._box.stop()

    def _look(self, *_: object) -> None:
        label = self._label_here()
        if label != self._last:
            self._last = label
            self.pointed.emit(label)

    def _label_here(self) -> int:
        layer, viewer = self._layer_of(), self._viewer
        is_seen = layer is not None and layer.visible and viewer.dims.ndisplay == 2
        if layer is None or not is_seen or not viewer.mouse_over_canvas:
            return 0
        found: Any = layer.get_value(viewer.cursor.position, world=True)
        return 0 if found is None else int(found)
