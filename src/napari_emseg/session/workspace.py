"""What the docks of one viewer share; those of another viewer hear nothing of it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, Protocol

from psygnal import Signal

from napari_emseg.model.packages.package import ModelPackage


class LivingPrediction(Protocol):
    """A `napari_emseg.session.prediction.prediction.Prediction`, as far as it is known here."""

    @property
    def image(self) -> Hashable:
        """The layer that was predicted."""

    @property
    def done(self) -> set[int]:
        """Slices that are predicted."""

    @property
    def is_shown(self) -> bool:
        """Whether any of its layers is still in the viewer."""

    @property
    def is_open(self) -> bool:
        """Whether slices may be added."""

    def can_extend(self, image: Any, package: ModelPackage) -> bool:
        """Whether slices of that image by that model may be added."""

    @property
    def made(self) -> float:
        """When it was predicted, in seconds since 1970; no two predictions share it."""

    def hide(self) -> None:
        """Close the eyes of its layers."""

    def stop(self) -> None:
        """Make no more masks and cells."""

    def resume(self, executor: Any) -> None:
        """Make them again, after `stop`."""

    def release(self) -> None:
        """Stop, and give up the files."""


class Workspace:
    """The predictions of a viewer, and what its docks tell one another.

    Attributes
    ----------
    segmented : psygnal.Signal
        Emitted with a prediction when slices of it are done, or it is the present one again.
    chosen : psygnal.Signal
        Emitted with the folder of the model that is the present one from now on.
    """

    segmented = Signal(object)
    chosen = Signal(Path)

    def __init__(self) -> None:
        self._predictions: list[LivingPrediction] = []

    def add(self, prediction: LivingPrediction) -> None:
        """Know a new prediction, until its layers are gone."""
        self._forget_gone()
        self._predictions.append(prediction)

    def remove(self, prediction: LivingPrediction) -> None:
        """Forget a prediction, known or not."""
        if prediction in self._predictions:
            self._predictions.remove(prediction)

    def knows(self, made: float) -> bool:
        """Whether the prediction of that time is among them."""
        return any(each.made == made for each in self._predictions)

    def newest(self, image: Hashable | None = None) -> Any:
        """The newest prediction that holds slices and is shown, of an image or of any; or None."""
        self._forget_gone()
        found = [
            each
            for each in self._predictions
            if each.done and each.is_shown and (image is None or each.image is image)
        ]
        return max(found, key=lambda each: each.made, default=None)

    def hide_others(self, prediction: LivingPrediction) -> None:
        """Close the eyes of all other predictions of its image, on which it would lie."""
        for each in self._predictions:
            if each is not prediction and each.image is prediction.image:
                each.hide()

    def to_extend(self, image: Any, package: ModelPackage) -> Any:
        """The one to which slices of an image by a model may be added; None where there is none.

        Others give up their files: their layers were edited or removed, or their pixels replaced.
        """
        for prediction in self._predictions:
            if not prediction.is_open:
                prediction.release()
        self._forget_gone()
        fitting = (each for each in self._predictions if each.can_extend(image, package))
        return next(fitting, None)

    def stop(self) -> None:
        """Make no more masks and cells."""
        for prediction in self._predictions:
            prediction.stop()

    def resume(self, executor: Any) -> None:
        """Make them again, by the executor of whoever is there now."""
        for prediction in self._predictions:
            prediction.resume(executor)

    def _forget_gone(self) -> None:
        """Those whose layers were all removed hold memory for nothing."""
        gone = [
            each for each in self._predictions
            if not each.is_shown and (each.done or not each.is_open)
        ]  # fmt: skip
        for prediction in gone:
            prediction.release()
            self._predictions.remove(prediction)


class LibraryEvents:
    """What happens to the model library, which all viewers share.

    Attributes
    ----------
    added : psygnal.Signal
        Emitted with the folder of a new model package.
    changed : psygnal.Signal
        Emitted when models were renamed, removed or imported by hand.
    """

    added = Signal(Path)
    changed = Signal()


library_events = LibraryEvents()
