"""What a person has corrected, made into a training that goes on from the present model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.correction import RetrainConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.correct.corrected_pixels import CorrectedPixels
from napari_emseg.core.label_meaning import guess_meaning
from napari_emseg.core.slices import in_words
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.train.request import TrainingData, TrainRequest
from napari_emseg.errors import LabelsError
from napari_emseg.io.folders import library_folder
from napari_emseg.model.packages.library import name_of
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.types import LabelsMeaning

_ROUND = re.compile(r"(?P<base>.+), corrected (?P<number>\d+)")
_PATCH_PX, _PATCHES, _STEPS = 256, 1, 16
"""Small batches give more steps in the same time, and longer epochs more of it for them."""


def retrain_request(
    data: TrainingData,
    corrected: CorrectedPixels,
    package: ModelPackage,
    config: RetrainConfig,
    *,
    device: str = "auto",
    here: int = 0,
) -> TrainRequest:
    """Ask for a training on corrected slices that begins with ``package``.

    Parameters
    ----------
    data : TrainingData
        The stack, and the labels that a person has repaired.
    corrected : CorrectedPixels
        What counts of them; see `SliceSplit.spread` for which of its slices validate.
    package : ModelPackage
        The model to go on from.
    config : RetrainConfig
        How long and how gently.
    device : str
        As `TrainJob` takes it.
    here : int
        The slice that a person looks at, which is previewed first if it was corrected.

    Raises
    ------
    LabelsError
        If nothing counts, or the labels hold other classes than the model tells apart.
    """
    _require_its_classes(data, package)
    slices = corrected.slices
    if corrected.relabelled and not slices:
        raise LabelsError(
            f"Labels: only ids were changed, on {in_words(corrected.relabelled)}, which teaches a "
            "network of membranes nothing; draw or remove membrane, or mark a slice as reviewed"
        )
    data = replace(data, regions=corrected.around(config.around_px))
    return TrainRequest(
        name=next_name(package),
        data=data,
        meaning=_meaning(data, slices, package.info.unet.classes),
        split=SliceSplit.spread(slices, TrainConfig().val_fraction),
        recipe=retrain_recipe(package, config),
        start_from=str(package.folder),
        device=device,
        preview_near=here if config.preview else None,
    )


def retrain_recipe(package: ModelPackage, config: RetrainConfig) -> Recipe:
    """The settings of such a training."""
    train = TrainConfig(
        minutes=config.minutes,
        learning_rate=config.learning_rate,
        patch_size=_PATCH_PX,
        batch_size=_PATCHES,
        least_steps=_STEPS,
        rehearse=config.rehearse,
    )
    return Recipe(package.info.unet, AugmentConfig(), train)


def next_name(package: ModelPackage) -> str:
    """What the model of the next round is called, such as ``default, corrected 1``."""
    name = name_of(package)
    before = _ROUND.fullmatch(name)
    base, number = (before["base"], int(before["number"])) if before else (name, 0)
    names = (f"{base}, corrected {k}" for k in count(number + 1))
    return next(each for each in names if not (library_folder() / each).exists())


def _meaning(data: TrainingData, slices: Sequence[int], classes: int) -> LabelsMeaning:
    """How corrected labels are read: of a prediction, which knows every pixel, so no scribbles."""
    used = set(slices)
    return guess_meaning(
        data.labels.data, classes=classes, counts=lambda z: z in used, all_known=True,
        names=data.labels.class_names,
    ).meaning  # fmt: skip


def _require_its_classes(data: TrainingData, package: ModelPackage) -> None:
    known, painted = package.info.class_names, data.labels.class_names
    if len(known) == max(2, len(painted)):
        return
    held = ", ".join(painted) if painted else "a mask or cells"
    way_out = (
        "make its classes editable (Segment, Result: classes)" if len(known) > len(painted)
        else "train a model of these in the dock Train"
    )  # fmt: skip
    raise LabelsError(
        f"Labels: expected {', '.join(known)}, which {name_of(package)} tells apart, received "
        f"{held}; {way_out}"
    )
