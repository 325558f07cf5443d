"""Training on stacks at hand, in the process that asks: one stack with its labels, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.segment.pixel_fit import fit_pixels, in_nm
from napari_emseg.engine.segment.polarity import with_dark_membranes
from napari_emseg.engine.train.join_stacks import join_stacks
from napari_emseg.engine.train.tissue import TissueThatCounts
from napari_emseg.errors import LabelsError
from napari_emseg.model.hardware.backend import load_backend
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.train.history import TrainResult
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import LabelsMeaning, Log, OnEvent, ShouldStop, Stack

if TYPE_CHECKING:
    from napari_emseg.core.label_reading import LabelReading
    from napari_emseg.core.train.targets import Target

Pair: TypeAlias = tuple[Stack, Stack]
"""An image and its labels, both (Z, Y, X) and of one shape."""

_NAMED = 10
"""Slices that a line lists."""


def train_stacks(
    pairs: Sequence[Pair],
    *,
    folder: Path,
    name: str | None = None,
    labels_mean: LabelsMeaning | None = None,
    slices: Sequence[int] | None = None,
    val_slices: Sequence[int] | None = None,
    start_from: ModelPackage | None = None,
    resume: bool = False,
    device: str = "auto",
    settings: Mapping[str, Any] | None = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
) -> TrainResult:
    """Train a network on labelled slices; see `model.train.train.train` for what comes of it.

    Parameters
    ----------
    pairs : sequence of (Stack, Stack)
        Images and labels. Slices of several are numbered through, in order.
    folder : Path
        Run folder to make, or to go on with.
    name : str, optional
        Of the model; as the folder by default.
    labels_mean : {"mask", "scribbles", "instances"}, optional
        How to read the labels; guessed, and told, by default.
    slices, val_slices : sequence of int, optional
        Use only these labelled slices; validate on these.
    start_from : ModelPackage, optional
        Model to go on from.
    resume : bool
        Go on after the last epoch of the run in ``folder``, with its settings but for those given.
    settings : mapping of str
        Settings of network, augmentation, training and terms, by name; else their defaults.

    Raises
    ------
    SettingError
        If a setting is unknown or out of range, or the stacks do not go together.
    EmsegError
        As `model.train.train.train`.
    """
    recipe, terms = _recipe_and_terms(RunFolder(folder) if resume else None, settings or {})
    return train_pairs(
        pairs, recipe, terms, folder=folder, name=name or folder.name, labels_mean=labels_mean,
        slices=slices, val_slices=val_slices, start_from=start_from, resume=resume, device=device,
        on_event=on_event, should_stop=should_stop,
    )  # fmt: skip


def train_pairs(
    pairs: Sequence[Pair],
    recipe: Recipe,
    terms: TermsConfig,
    *,
    folder: Path,
    name: str,
    labels_mean: LabelsMeaning | None,
    slices: Sequence[int] | None,
    val_slices: Sequence[int] | None,
    start_from: ModelPackage | None,
    resume: bool,
    device: str,
    on_event: OnEvent,
    should_stop: ShouldStop,
    reviewed: Stack | None = None,
) -> TrainResult:
    """Train by a recipe that is ready; as `train_stacks`, which makes one of settings.

    ``reviewed`` (Z, Y, X) is nonzero where the labels count; everywhere by default.
    """
    RunFolder(folder).lock().refuse_others()
    pairs = as_predicted(pairs, slices, on_event)
    # first, since it may be refused
    classes = recipe.network.classes
    reading = reading_of(pairs, labels_mean, classes, on_event, slices=slices)
    stack, labels = join_stacks(pairs, input_slices=recipe.network.input_slices)
    target = target_of(
        labels, reading, recipe, slices=slices, reviewed=reviewed, images=stack, on_event=on_event
    )
    if start_from is not None:
        _compare_pixels(stack, start_from, on_event)
    on_event(Log("Loading Keras ..."))
    load_backend()
    from napari_emseg.model.train.train import train

    return train(
        stack, target, recipe, folder=folder, name=name, validation=val_slices,
        start_from=start_from, resume=resume, terms=terms, device=device, on_event=on_event,
        should_stop=should_stop,
    )  # fmt: skip


def as_predicted(
    pairs: Sequence[Pair], slices: Sequence[int] | None, on_event: OnEvent
) -> list[Pair]:
    """The pairs with images as a prediction would see them, and told what was guessed of them."""
    seen = []
    for images, labels in pairs:
        for note in dict.fromkeys((*images.notes, *labels.notes)):
            on_event(Log(note))
        chosen = () if slices is None or len(pairs) > 1 else slices
        wanted = [z for z in chosen if 0 <= z < len(images)] or range(len(images))
        seen.append((with_dark_membranes(images, wanted, on_event=on_event), labels))
    return seen


def target_of(
    labels: Stack,
    reading: LabelReading,
    recipe: Recipe,
    *,
    slices: Sequence[int] | None,
    reviewed: Stack | None,
    images: Stack | None = None,
    on_event: OnEvent = lambda _: None,
) -> Target:
    """What labels teach, slice by slice; where ``reviewed`` is 0, or no tissue, nothing."""
    from napari_emseg.core.train.targets import make_target

    painted = None if reviewed is None else lambda z: reviewed.slice(z) != 0
    tissue = None if images is None else TissueThatCounts(images, painted)
    target = make_target(
        labels.data, reading, recipe.train, slices=slices, classes=recipe.network.classes,
        names=recipe.network.names, reviewed=tissue or painted,
    )  # fmt: skip
    if tissue is not None and tissue.with_blank:
        blank = sorted(tissue.with_blank)
        named = ", ".join(map(str, blank[:_NAMED])) + (" ..." if len(blank) > _NAMED else "")
        on_event(Log(f"Labels on blank areas are not learned, in slices {named}."))
    return target


def _compare_pixels(stack: Stack, start_from: ModelPackage, on_event: OnEvent) -> None:
    fit = fit_pixels(stack.voxel_size_nm, known := start_from.info.voxel_size_nm)
    if fit.resampling.is_needed and known is not None and stack.voxel_size_nm is not None:
        on_event(
            Log(
                f"Pixels are {in_nm(stack.voxel_size_nm)}, the model to start from learned at "
                f"{in_nm(known)}: it is trained on the stack's pixels as they are."
            )
        )


def _recipe_and_terms(
    before: RunFolder | None, settings: Mapping[str, Any]
) -> tuple[Recipe, TermsConfig]:
    """What is given, else what the run to resume was begun with, else the defaults."""
    require_known(settings, TrainConfig, NetworkConfig, AugmentConfig, TermsConfig)
    recipe, terms = Recipe(), TermsConfig()
    if before is not None and before.config.exists():
        recipe, terms = before.read_recipe(), before.read_terms()
    changed = Recipe(
        recipe.network.changed(settings),
        recipe.augment.changed(settings),
        recipe.train.changed(settings),
    )
    return changed, terms.changed(settings)


def reading_of(
    pairs: Sequence[Pair],
    said: LabelsMeaning | None,
    classes: int,
    on_event: OnEvent,
    *,
    slices: Sequence[int] | None = None,
) -> LabelReading:
    """How labels are read: as they are said to mean, or seem to; told in lines for each stack.

    Raises
    ------
    LabelsError
        One is a picture, or they do not mean the same.
    """
    from napari_emseg.core.label_meaning import guess_meaning
    from napari_emseg.core.label_reading import LabelReading

    readings = []
    for image, labels in pairs:
        chosen = None if slices is None or len(pairs) > 1 else set(slices)
        found = guess_meaning(
            labels.data, classes=classes, told=said, images=image.data,
            counts=None if chosen is None else chosen.__contains__, names=labels.class_names,
        )  # fmt: skip
        for line in (f"Labels are {found.said}", *found.remarks):
            on_event(Log(line))
        if found.labelled or len(pairs) == 1:
            readings.append(found.reading or LabelReading(found.meaning))
    if len(different := sorted({each.meaning for each in readings})) > 1:
        raise LabelsError(
            f"labels: those of the stacks look like {' and '.join(different)}; say what all "
            "of them mean (labels_mean)"
        )
    if len(set(readings)) > 1:
        raise LabelsError(
            "labels: those of the stacks cannot be read alike (see the lines above); bring them "
            "into one form, such as a mask of 0 and 255"
        )
    return readings[0] if readings else LabelReading(said or "mask")
