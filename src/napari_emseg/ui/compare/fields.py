"""The fields of the dock *Compare*: what is compared with what, and how."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Image, Labels
from psygnal import Signal

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.errors import EmsegError, ModelError
from napari_emseg.model.packages.package import ModelPackage, read_package
from napari_emseg.types import OURS
from napari_emseg.ui.compare.layer_metadata import NOT_OFFERED
from napari_emseg.ui.compare.layer_pair import LayerPair
from napari_emseg.ui.widgets.forms import field_for, form_of, spare_width
from napari_emseg.ui.widgets.meanings import MEANINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel


class CompareFields:
    """Which layers, what the truth means, threshold and what is too small to be an error.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers are offered.

    Attributes
    ----------
    chosen : psygnal.Signal
        Emitted when other layers, or another meaning, are chosen.
    form : Container
        All fields but the threshold, below one another.
    """

    chosen = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._threshold_of: Any = None
        self.image = self._layer_field(
            "image", "Image", "The slices that were predicted.", lambda: self._offered(Image)
        )
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
        self.threshold = field_for(CompareConfig, "threshold", step=0.01)
        self.piece_radius = field_for(CompareConfig, "piece_radius_px", label="Smallest error [px]")
        self.form = form_of([
            self.image, self.truth, self.prediction, self.second, self.meaning, self.piece_radius,
        ])  # fmt: skip
        for field in (self.truth, self.prediction, self.meaning):
            field.changed.connect(self._tell)

    @property
    def config(self) -> CompareConfig:
        """Threshold, and what is too small to be an error."""
        return CompareConfig(
            threshold=self.threshold.value, piece_radius_px=self.piece_radius.value
        )

    def pair(self) -> LayerPair:
        """Prediction and truth.

        Raises
        ------
        EmsegError
            If one is missing, or they do not fit.
        """
        return self._pair_with(self.prediction.value, "Prediction")

    def second_pair(self) -> LayerPair:
        """Second prediction and truth; raises as `pair`."""
        return self._pair_with(self.second.value, "Second")

    def take_threshold(self) -> None:
        """Begin at the threshold of the model that made the prediction; a mask has none."""
        prediction = self.prediction.value
        self.threshold.enabled = isinstance(prediction, Image)
        package = model_of(prediction)
        if prediction != self._threshold_of and package is not None:
            with self.threshold.changed.blocked():
                self.threshold.value = package.info.threshold
        self._threshold_of = prediction

    def reset_choices(self) -> None:
        """Offer the layers that there are now, by their present names."""
        before = self.prediction.value
        for field in (self.image, self.truth, self.prediction, self.second):
            _keep_value(field)
        ours = [layer for _, layer in self._predictions()[1:] if _is_predicted(layer)]
        if before is None and ours:
            self.prediction.value = ours[0]

    def _pair_with(self, prediction: Any, name: str) -> LayerPair:
        if prediction is None:
            raise EmsegError(f"{name}: choose a layer; the dock Segment makes one.")
        if self.truth.value is None:
            raise EmsegError("Truth: open or paint labels first, and choose them here.")
        if prediction == self.truth.value:
            raise EmsegError(f"{name}: the layer is the truth itself; choose another one.")
        return LayerPair(prediction, self.truth.value, self.meaning.value)

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
            if isinstance(layer, kind) and NOT_OFFERED not in layer.metadata
        ]

    def _truths(self) -> list[tuple[str, Any]]:
        """Labels that are not ours first, then all else that may hold a truth."""
        offered = self._offered(Labels) + self._offered(Image)
        return sorted(offered, key=lambda each: _is_predicted(each[1]))

    def _predictions(self) -> list[tuple[str, Any]]:
        """Probabilities that we made first, then masks that we made."""
        offered = self._offered(Image) + self._offered(Labels)
        return [("(none)", None), *sorted(offered, key=lambda each: not _is_predicted(each[1]))]

    def _tell(self) -> None:
        self.chosen.emit()


def _keep_value(field: ComboBox) -> None:
    """Offer new choices; magicgui would drop a value whose name has changed."""
    before = field.value
    with field.changed.blocked():
        field.reset_choices()
        if before is not None and before in field.choices:
            field.value = before
    if field.value != before:
        field.changed.emit(field.value)


def _is_predicted(layer: Any) -> bool:
    """Whether a model made it."""
    return "model" in layer.metadata.get(OURS, {})


def model_of(prediction: Any) -> ModelPackage | None:
    """The model that made a layer; None where nobody knows, or it is gone."""
    about = {} if prediction is None else prediction.metadata.get(OURS, {})
    if "model" not in about:
        return None
    try:
        return read_package(Path(about["model"]))
    except ModelError:
        return None
