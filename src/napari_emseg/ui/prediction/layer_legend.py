"""The legend of the layer of classes that a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from napari_emseg.ui.viewer.class_colors import (
    CLASS_COLORS,
    class_colormap,
    class_names_of,
    dress,
    hidden_classes,
)
from napari_emseg.ui.widgets.class_legend import ClassLegend

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels


class LayerLegend:
    """Names and colours of the classes of a layer; a click shows or hides one.

    It is of the layer that is selected, where that holds classes, else of the topmost one that
    does.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers are looked at.

    Attributes
    ----------
    widget : ClassLegend
        What is seen of it.
    layer : Labels or None
        Whose legend it is.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self.widget = ClassLegend("Show or hide {}.", fades=True)
        self.layer: Labels | None = None
        self._events = (
            viewer.layers.events.inserted, viewer.layers.events.removed,
            viewer.layers.selection.events.active,
        )  # fmt: skip
        for event in self._events:
            event.connect(self.look)
        self.widget.clicked.connect(self.turn)
        self.look()

    def stop(self) -> None:
        """Look at no layer any more."""
        for event in self._events:
            event.disconnect(self.look)

    def look(self, _: object = None) -> None:
        """Find the layer whose classes are named."""
        active = self._viewer.layers.selection.active
        found = [each for each in (active, *reversed(self._viewer.layers)) if class_names_of(each)]
        self.layer = cast("Labels", found[0]) if found else None
        if self.layer is not None:
            dress(self.layer, class_names_of(self.layer))
        self._draw()

    def turn(self, number: int) -> None:
        """Show a class that is hidden, or hide it."""
        if self.layer is not None:
            count = len(class_names_of(self.layer))
            hidden = hidden_classes(self.layer.colormap, count) ^ {number}
            self.layer.colormap = class_colormap(count, hidden)
            self._draw()

    def _draw(self) -> None:
        names = class_names_of(self.layer)
        hidden = hidden_classes(self.layer.colormap, len(names)) if self.layer else set()
        self.widget.show_classes(names, CLASS_COLORS, set(range(1, len(names) + 1)) - hidden)
