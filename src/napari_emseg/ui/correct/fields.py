"""Which layers the dock *Correct* works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from magicgui.widgets import ComboBox, create_widget
from napari.layers import Image, Labels
from psygnal import Signal

from napari_emseg.session.correct.meaning import are_cells
from napari_emseg.ui.painting.edit_tracker import can_be_tracked
from napari_emseg.ui.stacks.stack_fields import StackFields
from napari_emseg.ui.viewer.stack_layers import NapariLabels
from napari_emseg.ui.widgets.forms import form_of, spare_width

if TYPE_CHECKING:
    from napari.components import ViewerModel

NEW = "(new layer)"
_MASK, _CELLS = "mask", "cells"


class CorrectFields:
    """The stack, the labels that are repaired, and what these mean.

    Attributes
    ----------
    form : Container
        All of them, below one another.
    chosen : psygnal.Signal
        Emitted when other labels are chosen, or mean something else.
    """

    chosen = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        image: Any = create_widget(
            annotation=Image, name="image", label="Image",
            options={"tooltip": "The stack that was segmented."},
        )  # fmt: skip
        self.image = spare_width(image)
        self.labels = spare_width(
            ComboBox(
                name="labels", label="Labels", choices=self._label_choices,
                tooltip="What you repair: strokes on this layer are counted, shown below and kept "
                "safe. Make editable makes a new one, or writes into it.",
            )
        )  # fmt: skip
        self.meaning = ComboBox(
            name="meaning", label="Labels are", choices=[_MASK, _CELLS],
            tooltip="mask: cell or membrane. cells: every cell has a label of its own. Guessed "
            "from the layer; the tools below act accordingly.",
        )  # fmt: skip
        self.stack = StackFields(viewer, [self.image, self.labels])
        self.form = form_of([self.image, self.labels, *self.stack.widgets, self.meaning])
        self.labels.changed.connect(self._choose)
        self.meaning.changed.connect(self.chosen)

    def reset_choices(self) -> None:
        """Offer the layers that there are now; a layer that was renamed stays chosen."""
        before = self.labels.value
        with self.labels.changed.blocked():
            self.form.reset_choices()
            if before in self._viewer.layers:
                self.labels.value = before
        self.stack.look()
        if self.labels.value is not before:
            self._choose()

    @property
    def labels_layer(self) -> Labels | None:
        """The layer that is repaired; None where there is none yet, or it holds several stacks."""
        layer = self.labels.value
        return layer if isinstance(layer, Labels) and can_be_tracked(layer) else None

    @property
    def are_cells(self) -> bool:
        """Whether every cell has a label of its own."""
        return bool(self.meaning.value == _CELLS)

    def choose(self, layer: Labels) -> None:
        """Repair this layer."""
        self.reset_choices()
        self.labels.value = layer

    def _choose(self) -> None:
        if self.labels_layer is not None:
            with self.meaning.changed.blocked():
                self.meaning.value = _CELLS if are_cells(NapariLabels(self.labels_layer)) else _MASK
        self.chosen.emit()

    def _label_choices(self, _: Any = None) -> list[Any]:
        found = (layer for layer in self._viewer.layers if isinstance(layer, Labels))
        return [(NEW, NEW), *((layer.name, layer) for layer in found)]


def label_layers(viewer: ViewerModel) -> list[tuple[str, Labels]]:
    """Names and layers of all stacks of labels."""
    found = (layer for layer in viewer.layers if can_be_tracked(layer))
    return [(layer.name, cast("Labels", layer)) for layer in found]
