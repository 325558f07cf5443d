"""What the docks of one viewer share; those of another viewer hear nothing of it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, Protocol

from psygnal import Signal


class LivingPrediction(Protocol):
    """A prediction, as far as other sessions need to know it."""

    @property
    def image(self) -> Hashable:
        """The layer that was predicted."""

    @property
    def done(self) -> set[int]:
        """Slices that are predicted."""

    @property
    def is_shown(self) -> bool:
        """Whether any of its layers is still in the viewer."""


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
        """Know a new prediction; it is forgotten when `newest` finds its layers gone."""
        self._predictions.append(prediction)

    def remove(self, prediction: LivingPrediction) -> None:
        """Forget a prediction, known or not."""
        if prediction in self._predictions:
            self._predictions.remove(prediction)

    def newest(self, image: Hashable | None = None) -> Any:
        """The newest prediction that holds slices and is shown, of an image or of any; or None."""
        found = (
            each
            for each in reversed(self._predictions)
            if each.done and each.is_shown and (image is None or each.image is image)
        )
        return next(found, None)


class LibraryEvents:
    """What happens to the model library, which all viewers share.

    Attributes
    ----------
    added : psygnal.Signal
        Emitted with the folder of a new model package.
    """

    added = Signal(Path)


library_events = LibraryEvents()
