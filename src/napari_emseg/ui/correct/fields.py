"""Which layers the dock *Correct* works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

from magicgui.widgets import ComboBox
from napari.layers import Labels
from psygnal import Signal

from napari_emseg.io.layer_metadata import change_metadata, metadata_of
from napari_emseg.session.correct.meaning import kind_of
from napari_emseg.types import RepairedKind
from napari_emseg.ui.painting.edit_tracker import can_be_tracked
from napari_emseg.ui.stacks.stack_fields import StackFields
from napari_emseg.ui.viewer.image_field import ImageField
from napari_emseg.ui.viewer.predictions import newest_correction
from napari_emseg.ui.viewer.stack_layers import NapariLabels
from napari_emseg.ui.widgets.followed_choice import FollowedChoice
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
        self._images = ImageField(viewer, "The stack that was segmented.")
        self.image = self._images.field
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
        self.stack = StackFields(viewer, [self.image, self.labels])
        self.form = form_of([self.image, self.labels, *self.stack.widgets, self.meaning])
        self._corrections = FollowedChoice(self.labels, self._newest_correction)
        self.labels.changed.connect(self._choose)
        self.meaning.changed.connect(self._change_meaning)

    def reset_choices(self) -> None:
        """Offer the layers that there are now, and choose the newest labels of a person."""
        self._images.look()
        self._corrections.look()
        self.stack.look()

    def _newest_correction(self) -> Labels | None:
        return newest_correction(self._viewer, self.image.value)

    @property
    def labels_layer(self) -> Labels | None:
        """The layer that is repaired; None where there is none yet, or it holds several stacks."""
        layer = self.labels.value
        return layer if isinstance(layer, Labels) and can_be_tracked(layer) else None

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
        layer = self.labels_layer
        if layer is not None:
            known = metadata_of(layer)
            kind = "" if known is None else known.kind
            if kind not in get_args(RepairedKind):
                kind = kind_of(NapariLabels(layer))
            with self.meaning.changed.blocked():
                self.meaning.value = kind
        self.chosen.emit()

    def _change_meaning(self, meaning: str) -> None:
        """A person says what the labels are, which is kept with them."""
        if self.labels_layer is not None:
            change_metadata(self.labels_layer, kind=meaning)
        self.chosen.emit()

    def _label_choices(self, _: Any = None) -> list[Any]:
        found = (layer for layer in self._viewer.layers if isinstance(layer, Labels))
        return [(NEW, NEW), *((layer.name, layer) for layer in found)]


def label_layers(viewer: ViewerModel) -> list[tuple[str, Labels]]:
    """Names and layers of all stacks of labels."""
    found = (layer for layer in viewer.layers if can_be_tracked(layer))
    return [(layer.name, cast("Labels", layer)) for layer in found]
