"""Training on stacks at hand, in the process that asks: one stack with its labels, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.train.labelled_stack import LabelledStack
from napari_emseg.engine.train.sources import network_voxel_size, sources_of
from napari_emseg.model.hardware.backend import load_backend
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.train.history import TrainResult
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Log, OnEvent, ShouldStop


def train_stacks(
    stacks: Sequence[LabelledStack],
    *,
    folder: Path,
    name: str | None = None,
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
    stacks : sequence of LabelledStack
        Images and labels. Shapes, kinds of numbers, meanings of labels and voxel sizes may differ:
        all are resampled to one pixel size.
    folder : Path
        Run folder to make, or to go on with.
    name : str, optional
        Of the model; as the folder by default.
    start_from : ModelPackage, optional
        Model to go on from, at its pixel size.
    resume : bool
        Go on after the last epoch of the run in ``folder``, with its settings but for those given.
    settings : mapping of str
        Settings of network, augmentation, training and terms, by name; else their defaults.

    Raises
    ------
    SettingError
        If a setting is unknown or out of range.
    EmsegError
        As `model.train.train.train`.
    """
    recipe, terms = _recipe_and_terms(RunFolder(folder) if resume else None, settings or {})
    return train_by_recipe(
        stacks, recipe, terms, folder=folder, name=name or folder.name, start_from=start_from,
        resume=resume, device=device, on_event=on_event, should_stop=should_stop,
    )  # fmt: skip


def train_by_recipe(
    stacks: Sequence[LabelledStack],
    recipe: Recipe,
    terms: TermsConfig,
    *,
    folder: Path,
    name: str,
    start_from: ModelPackage | None,
    resume: bool,
    device: str,
    on_event: OnEvent,
    should_stop: ShouldStop,
    preview_near: int | None = None,
) -> TrainResult:
    """Train by a recipe that is ready; as `train_stacks`, which makes one of settings."""
    run = RunFolder(folder)
    run.lock().refuse_others()
    if start_from is not None:
        start_from.info.unet  # noqa: B018  refuses what can only predict, before Keras is loaded
    voxel_size_nm = network_voxel_size(
        [each.images for each in stacks], recipe, start_from=start_from,
        before=run if resume else None,
    )  # fmt: skip
    # before Keras is loaded, since labels may be refused
    sources = sources_of(stacks, recipe, voxel_size_nm, on_event)
    on_event(Log("Loading Keras ..."))
    load_backend()
    from napari_emseg.model.train.train import train

    return train(
        sources, recipe, folder=folder, name=name, voxel_size_nm=voxel_size_nm,
        start_from=start_from, resume=resume, terms=terms, device=device,
        preview_near=preview_near, on_event=on_event, should_stop=should_stop,
    )  # fmt: skip


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
