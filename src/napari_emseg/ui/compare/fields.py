"""The fields of the dock *Compare*: what is compared with what, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Image, Labels

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.label_meaning import MEANINGS
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.session.compare.session import CompareSession
from napari_emseg.ui.stacks.stack_fields import StackFields
from napari_emseg.ui.viewer.image_field import ImageField
from napari_emseg.ui.viewer.layer_observer import LayerObserver
from napari_emseg.ui.viewer.predictions import newest_prediction, newest_truth
from napari_emseg.ui.widgets.followed_choice import FollowedChoice
from napari_emseg.ui.widgets.forms import field_for, form_of, spare_width, wrapped_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

_NOTHING: tuple[str, Any] = ("(none)", None)


class CompareFields:
    """Which layers, what the truth means, threshold and what is too small to be an error.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers are offered.
    session : CompareSession
        Is told what is chosen.

    Attributes
    ----------
    form : Container
        All fields but the threshold, below one another.
    """

    def __init__(self, viewer: ViewerModel, session: CompareSession) -> None:
        self._viewer, self._session = viewer, session
        self._images = ImageField(viewer, "The slices that were predicted.")
        self.image = self._images.field
        self.truth = self._layer_field(
            "truth", "Truth", "What is right: a mask, ids, or scribbles.", self._truths
        )
        self.prediction = self._layer_field(
            "prediction", "Prediction", "What is judged: a probability, a mask or cells. A mask "
            "that you paint on is followed as you paint.", self._predictions,
        )  # fmt: skip
        self.second = self._layer_field(
            "second", "Second", "Another prediction, to look at beside the first and to test "
            "which is better.", self._predictions,
        )  # fmt: skip
        self.meaning = ComboBox(
            name="meaning", label="Truth means", choices=list(MEANINGS), value="instances",
            tooltip="mask: nonzero is cell. instances: each id is a cell of its own. scribbles: 0 "
            "is unknown and left out, 1 membrane, 2 and more cell.",
        )  # fmt: skip
        self._followed = (
            self._images,
            FollowedChoice(self.prediction, lambda: newest_prediction(viewer, self.image.value)),
            FollowedChoice(
                self.truth, lambda: newest_truth(viewer, self.image.value), is_led=False
            ),
            FollowedChoice(self.second, lambda: None),
        )
        self.threshold = field_for(CompareConfig, "threshold", step=0.01)
        self.piece_radius = field_for(CompareConfig, "piece_radius_px")
        self.taken_for = wrapped_label("")
        self.stack = StackFields(viewer, [self.truth, self.prediction, self.second])
        self.form = form_of([
            self.image, self.truth, self.prediction, self.second, *self.stack.widgets,
            self.meaning, self.piece_radius, self.taken_for,
        ])  # fmt: skip
        for field in (self.truth, self.prediction, self.meaning):
            field.changed.connect(self.choose)
        self.second.changed.connect(self._choose_second)
        self.image.changed.connect(self.reset_choices)
        self.threshold.changed.connect(lambda value: session.change(threshold=value))
        self.piece_radius.changed.connect(lambda value: session.change(piece_radius_px=value))
        session.events.config.connect(self._show_config)
        session.events.taken_for.connect(self._show_taken_for)

    def stop(self) -> None:
        """Tell nothing any more."""
        self.stack.stop()
        self._session.events.config.disconnect(self._show_config)
        self._session.events.taken_for.disconnect(self._show_taken_for)

    def choose(self) -> None:
        """Have what is chosen compared."""
        prediction, truth = self._observed(self.prediction), self._observed(self.truth)
        self._session.compare(prediction, truth, self.meaning.value)
        self.threshold.enabled = self._session.has_threshold

    def _choose_second(self) -> None:
        self._session.compare_second(self._observed(self.second))

    def _observed(self, field: ComboBox) -> LayerObserver | None:
        return None if field.value is None else LayerObserver(self._viewer, field.value)

    def _show_taken_for(self, said: str) -> None:
        self.taken_for.value = said

    def _show_config(self, config: CompareConfig) -> None:
        """Show the threshold that comes with a prediction."""
        with self.threshold.changed.blocked():
            self.threshold.value = config.threshold

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now, and choose a newer prediction, or a first truth."""
        for each in self._followed:
            each.look()
        self.stack.look()

    def _layer_field(
        self, name: str, label: str, tooltip: str, choices: Callable[[], list[Any]]
    ) -> ComboBox:
        return spare_width(
            ComboBox(
                name=name, label=label, tooltip=tooltip,
                choices=lambda _: choices(),
            )
        )  # fmt: skip

    def _offered(self, kind: Any) -> list[tuple[str, Any]]:
        return [
            (layer.name, layer)
            for layer in self._viewer.layers
            if isinstance(layer, kind) and not _shows_errors(layer)
        ]

    def _truths(self) -> list[tuple[str, Any]]:
        """Labels that are not ours first, then all else that may hold a truth."""
        offered = self._offered(Labels) + self._offered(Image)
        return [_NOTHING, *sorted(offered, key=lambda each: _is_predicted(each[1]))]

    def _predictions(self) -> list[tuple[str, Any]]:
        """Probabilities that we made first, then masks that we made."""
        offered = self._offered(Image) + self._offered(Labels)
        return [_NOTHING, *sorted(offered, key=lambda each: not _is_predicted(each[1]))]


def _is_predicted(layer: Any) -> bool:
    """Whether a model made it."""
    ours = metadata_of(layer)
    return ours is not None and ours.is_prediction


def _shows_errors(layer: Any) -> bool:
    """Whether it shows what came of a comparison, which nobody would compare."""
    ours = metadata_of(layer)
    return ours is not None and bool(ours.errors_of)
