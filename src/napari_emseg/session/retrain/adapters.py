"""What retraining needs of others: a training, and the view in which changes are shown."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from psygnal import SignalGroup, SignalInstance

    from napari_emseg.engine.train.request import TrainRequest
    from napari_emseg.model.train.history import TrainResult
    from napari_emseg.session.prediction.layers import SourceImage
    from napari_emseg.session.prediction.prediction import Prediction


class Overlay(Protocol):
    """The layer with the changes."""

    def remove(self) -> None:
        """Take it out of the viewer."""


class PreviewLayer(Overlay, Protocol):
    """The layer with outlines of what the model says before it learns."""

    def fill(self, z: int, mask: npt.NDArray[np.uint8]) -> None:
        """Show the cells of slice ``z``, (Y, X), nonzero where cell, unless it was removed."""


class PaintedLayer(Protocol):
    """The layer that a person has painted on."""

    def hide(self) -> None:
        """Close its eye."""

    def show(self) -> None:
        """Open the eye that `hide` has closed."""


class Training(Protocol):
    """A session of training, as far as retraining uses it."""

    @property
    def events(self) -> SignalGroup:
        """Among them two.

        ``message``, with the sentence for the person who waits, and ``quick_preview``, with the
        `QuickPreview` of a slice, or None.
        """

    @property
    def ended(self) -> SignalInstance:
        """Emitted with the last event of a training, when its result is known."""

    @property
    def done(self) -> float:
        """Part of the training that is done, 0..1."""

    @property
    def result(self) -> TrainResult | None:
        """What the last training reached; None where it reached nothing."""

    @property
    def is_running(self) -> bool:
        """Whether its last word was not said yet."""

    def start(self, request: TrainRequest) -> None:
        """Train."""

    def stop(self) -> None:
        """Stop and keep the best so far; asked twice, at once."""


class View(Protocol):
    """What a person looks at."""

    active: Hashable | None
    """The layer that a person works on; setting one that is gone changes nothing."""

    def show_changes(self, prediction: Prediction, changed: npt.NDArray[Any]) -> Overlay:
        """Add a layer with changed pixels (Z, Y, X) over a prediction."""

    def show_preview(self, image: SourceImage) -> PreviewLayer:
        """Add a layer over an image, to be filled slice by slice."""
