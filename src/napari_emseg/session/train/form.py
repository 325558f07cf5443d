"""What the session of *Train* needs to know of the form that a person fills in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.engine.train.request import TrainingData, TrainingStack, TrainRequest


@dataclass(frozen=True)
class TrainSettings:
    """What is chosen, apart from data, name and augmentation.

    Parameters
    ----------
    recipe : Recipe
        Network and training; its augmentation does not count.
    start_from, device, terms
        As `TrainRequest` takes them.
    """

    recipe: Recipe = Recipe()
    start_from: str | None = None
    device: str = "auto"
    terms: TermsConfig = TermsConfig()


class TrainForm(Protocol):
    """The form that a person fills in."""

    @property
    def classes(self) -> int:
        """How many classes the network tells apart."""

    @property
    def val_fraction(self) -> float:
        """Part of the labelled slices to validate on, 0..1."""

    def reader(self) -> Callable[[], TrainingData]:
        """A function that reads the data; `EmsegError` where none are chosen, or do not fit."""

    def settings(self) -> TrainSettings:
        """All else; `SettingError` where settings do not fit one another."""

    def augment(self) -> AugmentConfig:
        """The augmentation; likewise."""


def filled_in(
    form: TrainForm, name: str, stacks: Sequence[TrainingStack], augment: AugmentConfig
) -> TrainRequest:
    """Ask for the training that a form describes, on one stack or several.

    Raises
    ------
    SettingError
        If settings do not fit one another.
    """
    settings, (first, *others) = form.settings(), stacks
    return TrainRequest(
        name, first.data, first.meaning, first.split,
        replace(settings.recipe, augment=augment), settings.start_from, settings.device,
        settings.terms, first.weight, tuple(others),
    )  # fmt: skip
