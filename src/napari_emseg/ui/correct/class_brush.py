"""Which class the brush paints: a button with its colour and a key for each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, cast

from napari_emseg.ui.viewer.class_colors import CLASS_COLORS, class_names_of
from napari_emseg.ui.widgets.class_legend import ClassLegend

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_emseg.session.correct.brush import BrushSession

_KEYS = "123456789"
"""The first classes have a key each."""

_PAINTING = ("paint", "fill", "polygon")
"""Modes of napari's in which the chosen label is painted."""


class ClassBrush:
    """Chooses the class that napari's brush paints, where the labels hold classes.

    Parameters
    ----------
    session : BrushSession
        Knows the labels; a tool of its own is put down for the brush.

    Attributes
    ----------
    widget : ClassLegend
        The buttons; hidden where the labels hold no classes.
    """

    def __init__(self, session: BrushSession) -> None:
        self._session = session
        self._layer: Labels | None = None
        self.widget = ClassLegend("Paint {} with napari's brush.")
        self.widget.clicked.connect(self.take_up)
        session.events.acts.connect(self._show_acts)
        session.events.tool.connect(self._show)

    def take_up(self, number: int) -> None:
        """Paint this class, by its number."""
        layer = self._layer
        if layer is not None:
            self._session.put_down()
            self._session.view.bring_up(cast("Any", self._session.acts).layer)
            layer.selected_label, layer.n_edit_dimensions = number, 2
            layer.mode = "paint"
        self._show()

    def _show_acts(self) -> None:
        """Other labels are acted on, or none."""
        acts = self._session.acts
        if self._layer is not None:
            self._unbind(self._layer)
        holds_classes = acts is not None and acts.kind == "classes"
        self._layer = cast("Labels", acts.layer.key) if acts and holds_classes else None
        if self._layer is not None:
            self._bind(self._layer)
        self._show()

    def _show(self) -> None:
        layer = self._layer
        names = [
            f"{name} ({key})" if key else name
            for name, key in zip_longest(class_names_of(layer), _keys_of(layer), fillvalue="")
        ]
        painting = layer is not None and self._session.tool is None and layer.mode in _PAINTING
        self.widget.show_classes(
            names, CLASS_COLORS, {layer.selected_label} if layer and painting else ()
        )

    def _bind(self, layer: Labels) -> None:
        for key in _keys_of(layer):
            layer.bind_key(key, self._key(int(key)), overwrite=True)
        for event in (layer.events.selected_label, layer.events.mode):
            event.connect(self._show)

    def _unbind(self, layer: Labels) -> None:
        for key in _keys_of(layer):
            layer.bind_key(key, None)
        for event in (layer.events.selected_label, layer.events.mode):
            event.disconnect(self._show)

    def _key(self, number: int) -> Callable[[Any], None]:
        def take_up(_: Any) -> None:  # napari asks a key's function for its name
            self.take_up(number)

        return take_up


def _keys_of(layer: Labels | None) -> str:
    """A key for each of its classes, as far as there are keys."""
    return _KEYS[: len(class_names_of(layer))]
