"""A prediction becomes labels to paint on, or is written into those that are painted on already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, LineEdit, PushButton
from napari.layers import Labels

from napari_emseg.core.config.correction import EditableConfig
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.ui.correct.fields import label_layers
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.viewer.predictions import RESULTS, newest_prediction
from napari_emseg.ui.widgets.followed_choice import FollowedChoice
from napari_emseg.ui.widgets.forms import field_for, form_of, row_of, spare_width

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

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
    image : callable
        Gives the image whose newest prediction is chosen.
    """

    def __init__(
        self, viewer: ViewerModel, session: CorrectSession, image: Callable[[], Layer | None]
    ) -> None:
        self._viewer, self._session = viewer, session
        self._make_fields()
        self._predictions = FollowedChoice(
            self.prediction, lambda: newest_prediction(viewer, image(), RESULTS)
        )
        form = form_of([self.prediction, self.policy, self.slices])
        super().__init__(widgets=[form, row_of(self.current, self.whole)], labels=False)
        self.margins = (0, 0, 0, 0)
        self.current.changed.connect(self.take_current)
        self.whole.changed.connect(self.take_whole)
        self.slices.changed.connect(self._name_whole)

    def _make_fields(self) -> None:
        self.prediction = spare_width(
            ComboBox(
                name="prediction", label="Prediction",
                choices=lambda _: self._choices(),
                tooltip="The mask or the cells to begin with, such as those of the dock Segment.",
            )
        )  # fmt: skip
        self.policy = field_for(EditableConfig, "policy", label="Where edited")
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

    def reset_choices(self, *_: object) -> None:
        """Offer the layers that there are now, and choose a newer prediction."""
        self._predictions.look()

    def _choices(self) -> list[tuple[str, Labels | None]]:
        return [("(none)", None), *sorted(label_layers(self._viewer), key=_is_by_a_person)]

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
