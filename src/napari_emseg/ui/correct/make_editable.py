"""A prediction becomes labels to paint on, or is written into those that are painted on already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import ComboBox, Container, LineEdit, PushButton
from napari.layers import Labels

from napari_emseg.core.correct.edits import Policy
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.ui.correct.fields import label_layers
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.widgets.forms import form_of, row_of, spare_width
from napari_emseg.ui.widgets.remembered_fields import remember

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.session.correct.session import CorrectSession
    from napari_emseg.session.painting.edit_tracker import EditTracker

_WHOLE, _PART = "Whole stack", "These slices"


class MakeEditable(Container[Any]):
    """Fields and buttons of *Make editable*.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers are offered.
    session : CorrectSession
        Does it.
    """

    def __init__(self, viewer: ViewerModel, session: CorrectSession) -> None:
        self._viewer, self._session = viewer, session
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

    def take_current(self) -> None:
        """Take the slice that the viewer shows."""
        self._session.make_current_editable(self._chosen, self.policy.value)

    def take_whole(self) -> None:
        """Take all slices, or those in the field."""
        self._session.make_editable(self._chosen, self.policy.value, self.slices.value)

    @property
    def _chosen(self) -> EditTracker | None:
        layer = self.prediction.value
        return None if layer is None else tracker_of(layer)


def _is_by_a_person(choice: tuple[str, Labels]) -> bool:
    """Sorts what a model has made first: the truth beside it is seldom meant."""
    ours = metadata_of(choice[1])
    return ours is None or not ours.is_prediction
