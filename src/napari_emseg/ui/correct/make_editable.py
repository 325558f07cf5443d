"""A prediction becomes labels to paint on, or is written into those that are painted on already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from magicgui.widgets import ComboBox, Container, LineEdit, PushButton
from napari.layers import Labels
from psygnal import Signal

from napari_emseg.core.correct.edits import Edits, Policy
from napari_emseg.core.slices import chosen_slices
from napari_emseg.errors import EmsegError, LabelsError, ShapeError
from napari_emseg.types import OURS
from napari_emseg.ui.background.latest import Latest
from napari_emseg.ui.correct.fields import CorrectFields, are_cells, label_layers
from napari_emseg.ui.painting.edit_tracker import Plan
from napari_emseg.ui.viewer.label_colors import same_colors
from napari_emseg.ui.viewer.layers import (
    current_slice,
    geometry,
    require_paintable,
    require_seen_from_above,
    stack_shape,
)
from napari_emseg.ui.widgets.forms import form_of, row_of, spare_width
from napari_emseg.ui.widgets.remembered_fields import remember
from napari_emseg.ui.widgets.words import plural

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.ui.painting.autosave import Autosave

_WHOLE, _PART = "Whole stack", "These slices"
Predicted = list[tuple[int, np.ndarray[Any, Any]]]


class MakeEditable(Container):
    """Fields and buttons of *Make editable*.

    Parameters
    ----------
    viewer : ViewerModel
        Where new layers go.
    fields : CorrectFields
        What is repaired.
    autosave : Autosave
        Knows what has been edited.

    Attributes
    ----------
    said : psygnal.Signal
        Emitted with a sentence on what was done.
    failed : psygnal.Signal
        Emitted with what is wrong.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, viewer: ViewerModel, fields: CorrectFields, autosave: Autosave) -> None:
        self._viewer, self._fields, self._autosave = viewer, fields, autosave
        self._reading = Latest()
        self._make_fields()
        form = form_of([self.prediction, self.policy, self.slices])
        super().__init__(widgets=[form, row_of(self.current, self.whole)], labels=False)
        self.margins = (0, 0, 0, 0)
        self.current.changed.connect(self.take_current)
        self.whole.changed.connect(self.take_whole)
        self.slices.changed.connect(self._name_whole)
        remember({"policy": self.policy}, "correct")

    def _make_fields(self) -> None:
        self.prediction = spare_width(
            ComboBox(
                name="prediction", label="Prediction",
                choices=lambda _: sorted(label_layers(self._viewer), key=_is_by_a_person),
                tooltip="The mask or the cells to begin with, such as those of the dock Segment.",
            )
        )  # fmt: skip
        self.policy = ComboBox(
            name="policy", label="Where edited", choices=list(get_args(Policy)),
            tooltip="keep my edits: pixels that you have changed and slices that you have reviewed "
            "stay. only empty slices: all slices with labels stay. replace: nothing stays. "
            "Ctrl-Z brings back what was there.",
        )  # fmt: skip
        self.slices = LineEdit(
            name="slices", label="Slices",
            tooltip="Which slices the second button takes, from 0: such as 3:7 (which is 3 to 6) "
            "or 0:12,15:27; empty for all.",
        )  # fmt: skip
        self.slices.native.setPlaceholderText("all")
        self.current = PushButton(
            text="Current slice", tooltip="Make the slice that the viewer shows editable."
        )
        self.whole = PushButton(
            text=_WHOLE, tooltip="Make all slices editable, or those in the field Slices."
        )

    def _name_whole(self, slices: str) -> None:
        self.whole.text = _PART if slices.strip() else _WHOLE

    def stop(self) -> None:
        """The dock is closed."""
        self._reading.stop()

    # -- actions ---------------------------------------------------------------------------

    def take_current(self) -> None:
        """Take the slice that the viewer shows."""

        def shown(prediction: Labels) -> list[int]:
            if self._viewer.dims.ndisplay != 2:
                require_seen_from_above(self._viewer, prediction)
            return [current_slice(self._viewer, prediction)]

        self._take(shown)

    def take_whole(self) -> None:
        """Take all slices, or those in the field."""
        self._take(lambda layer: chosen_slices(self.slices.value, stack_shape(layer)[0]))

    def _take(self, slices_of: Callable[[Labels], list[int]]) -> None:
        try:
            prediction, target = self._require_layers()
            slices = slices_of(prediction)
        except EmsegError as error:
            self.failed.emit(str(error))
            return
        self._reading.want(
            self._reader(prediction, target, slices),
            lambda made: self._put(prediction, target, made),
            self.failed.emit,
        )

    def _reader(
        self, prediction: Labels, target: Labels | None, slices: list[int]
    ) -> Callable[[], Predicted | Plan]:
        """For the thread: copies what is predicted, and plans what it changes in the target."""
        data = prediction.data if prediction.ndim == 3 else prediction.data[np.newaxis]
        if target is None:
            return lambda: _copied(data, slices)
        follower, policy = self._autosave.of(target), self.policy.value
        versions = follower.versions()

        def plan() -> Plan:
            predicted = _copied(data, slices)
            _check_range(target, predicted)
            return follower.plan(predicted, policy, versions)

        return plan

    def _require_layers(self) -> tuple[Labels, Labels | None]:
        prediction, target = self.prediction.value, self._fields.labels_layer
        if prediction is None:
            raise LabelsError(
                "Prediction: there is no labels layer; segment the stack first, in the dock Segment"
            )
        stack_shape(prediction)
        if target is prediction:
            raise LabelsError(
                f"Labels: {target.name!r} is the prediction itself, which can be painted on as it "
                "is; choose (new layer) or another one"
            )
        if target is not None:
            _check_fit(prediction, target)
        return prediction, target

    def _put(self, prediction: Labels, target: Labels | None, made: Predicted | Plan) -> None:
        """Make the new layer, or write into the one that is there."""
        if target is None or not isinstance(made, Plan):
            assert not isinstance(made, Plan)
            self._add(prediction, made)
        elif target not in self._viewer.layers:
            self.failed.emit(f"Labels: {target.name!r} was removed meanwhile; choose another one")
        else:
            self._write(target, made)

    def _write(self, target: Labels, plan: Plan) -> None:
        try:
            written = self._autosave.of(target).write(plan)
        except LabelsError as error:
            self.failed.emit(str(error))
            return
        self._viewer.layers.selection.active = target  # Ctrl-Z is for the one that is selected
        left = len(plan.changes) - len(written)
        said = f"{plural(len(written), 'slice')} written into {target.name!r}"
        also = f"; {left} left as they are" if left else ""
        self.said.emit(f"{said}{also}. Ctrl-Z takes it back.")

    def _add(self, prediction: Labels, predicted: Predicted) -> None:
        data = np.zeros(prediction.data.shape, prediction.data.dtype)
        stack = data if data.ndim == 3 else data[np.newaxis]
        for z, labels in predicted:
            stack[z] = labels
        layer = self._viewer.add_labels(
            data,
            name=f"{self._name_of(prediction)} corrected",
            opacity=prediction.opacity,
            colormap=same_colors(prediction.colormap),
            metadata={OURS: {"edits": self._edits_of(prediction, predicted)}},
            **geometry(prediction),
        )
        prediction.visible = False  # its colours would lie over what is painted
        self._fields.choose(layer)
        self.said.emit(f"{plural(len(predicted), 'slice')} to paint on in {layer.name!r}.")

    def _name_of(self, prediction: Labels) -> str:
        image = self._fields.image.value
        return str(prediction.name if image is None else image.name)

    def _edits_of(self, prediction: Labels, predicted: Predicted) -> Edits:
        """What a person has done to the prediction already goes along."""
        known, edits = self._autosave.of(prediction).edits, Edits()
        for z, labels in predicted:
            edits.predict(z, known.of(z).touched(labels))
            if known.of(z).reviewed:
                edits.review(z, reviewed=True)
        return edits


def _copied(data: Any, slices: list[int]) -> Predicted:
    return [(z, np.array(data[z])) for z in slices]


def _is_by_a_person(choice: tuple[str, Labels]) -> bool:
    """Sorts what a model has made first: the truth beside it is seldom meant."""
    return "model" not in choice[1].metadata.get(OURS, {})


def _check_fit(prediction: Labels, target: Labels) -> None:
    require_paintable(target)
    if stack_shape(prediction) != stack_shape(target):
        raise ShapeError(
            f"Labels: expected the shape of {prediction.name!r}, {stack_shape(prediction)}, "
            f"received {target.name!r} with {stack_shape(target)}; choose (new layer)"
        )
    if _holds_labels(target) and are_cells(prediction) != are_cells(target):
        kinds = {True: "cells", False: "a mask"}
        raise LabelsError(
            f"Labels: {target.name!r} holds {kinds[are_cells(target)]} and {prediction.name!r} "
            f"{kinds[are_cells(prediction)]}, which do not mix; choose (new layer)"
        )


def _holds_labels(layer: Labels) -> bool:
    slices: Sequence[Any] = layer.data if layer.ndim == 3 else [layer.data]
    # every fourth pixel of a row and column: no cell slips through, and a large stack is soon seen
    return any(np.asarray(each[::4, ::4]).any() for each in slices)


def _check_range(target: Labels, predicted: Predicted) -> None:
    highest = max((int(labels.max(initial=0)) for _, labels in predicted), default=0)
    most = np.iinfo(target.data.dtype).max
    if highest > most:
        raise LabelsError(
            f"Labels: {target.name!r} holds labels up to {most}, received {highest}; convert it "
            "(right click on the layer) or choose (new layer)"
        )
