"""Which layers the dock *Correct* works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

from magicgui.widgets import ComboBox, create_widget
from napari.layers import Image, Labels
from psygnal import Signal

from napari_emseg.session.correct.meaning import kind_of
from napari_emseg.types import RepairedKind
from napari_emseg.ui.painting.edit_tracker import can_be_tracked
from napari_emseg.ui.viewer.stack_layers import NapariLabels
from napari_emseg.ui.widgets.forms import form_of, spare_width

if TYPE_CHECKING:
    from napari.components import ViewerModel

NEW = "(new layer)"


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
            name="meaning", label="Labels are", choices=list(get_args(RepairedKind)),
            tooltip="mask: cell or membrane. cells: every cell has a label of its own. "
            "classes: 1 is membrane, 2 cell, 3 and more are parts of cells. Guessed from the "
            "layer; the tools below act accordingly.",
        )  # fmt: skip
        self.form = form_of([self.image, self.labels, self.meaning])
        self.labels.changed.connect(self._choose)
        self.meaning.changed.connect(self.chosen)

    def reset_choices(self) -> None:
        """Offer the layers that there are now; a layer that was renamed stays chosen."""
        before = self.labels.value
        with self.labels.changed.blocked():
            self.form.reset_choices()
            if before in self._viewer.layers:
                self.labels.value = before
        if self.labels.value is not before:
            self._choose()

    @property
    def labels_layer(self) -> Labels | None:
        """The layer that is repaired; None where there is none yet."""
        return self.labels.value if isinstance(self.labels.value, Labels) else None

    @property
    def kind(self) -> RepairedKind:
        """What the labels hold."""
        kind: RepairedKind = self.meaning.value
        return kind

    def choose(self, layer: Labels) -> None:
        """Repair this layer."""
        self.reset_choices()
        self.labels.value = layer

    def _choose(self) -> None:
        if self.labels_layer is not None:
            with self.meaning.changed.blocked():
                self.meaning.value = kind_of(NapariLabels(self.labels_layer))
        self.chosen.emit()

    def _label_choices(self, _: Any = None) -> list[Any]:
        return [(NEW, NEW), *label_layers(self._viewer)]


def label_layers(viewer: ViewerModel) -> list[tuple[str, Labels]]:
    """Names and layers of all stacks of labels."""
    found = (layer for layer in viewer.layers if can_be_tracked(layer))
    return [(layer.name, cast("Labels", layer)) for layer in found]
