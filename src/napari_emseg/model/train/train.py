"""Training: labelled slices in, a run folder with a model package out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.train.source import Source
from napari_emseg.model.hardware.devices import on_device
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.predict.quick_preview import quick_previews
from napari_emseg.model.train.history import TrainResult
from napari_emseg.model.train.preconditions import require_all_classes, require_names
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.model.train.training import Training
from napari_emseg.types import Log, OnEvent, ShouldStop, VoxelSize

__all__ = ["TrainResult", "train"]


def train(
    sources: Sequence[Source],
    recipe: Recipe,
    *,
    folder: Path,
    name: str = "model",
    voxel_size_nm: VoxelSize | None = None,
    start_from: ModelPackage | None = None,
    resume: bool = False,
    terms: TermsConfig = TermsConfig(),
    device: str = "auto",
    preview_near: int | None = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
) -> TrainResult:
    """Train a U-Net on the labelled slices of one stack, or of several.

    The weights of the epoch with the best V_rand on the validation slices become the model (see
    `history.best_epoch`), with the threshold around which it is best; of several sources the mean
    counts. Where fewer than half of the
    pixels there are known, as with scribbles, the loss takes the place of V_rand.

    Parameters
    ----------
    sources : sequence of Source
        Stacks with what is known of them, and what of it trains and validates.
    recipe : Recipe
        Network, augmentation and training settings.
    folder : Path
        Run folder to make, or to go on with.
    name : str
        What the model is called.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm of what the network sees, to whose pixels the sources are
        resampled; those of the first source by default.
    start_from : ModelPackage, optional
        Model package whose weights to start from; it brings its network's shape along, in place
        of ``recipe.network``, which must have as many classes.
    resume : bool
        Go on after the last finished epoch of the run in ``folder``, with its network's shape;
        sources, and slices to train and to validate on, must be the same, and so must the recipe,
        but for how long it goes on, how it is watched, learning rate and precision. Where
        ``folder`` holds no run, begin one.
    terms : TermsConfig
        What the package says of author, licence and terms; those of the data of ``start_from``, or
        of the run to resume, are added.
    device : str
        As `devices.choose_device` takes it.
    preview_near : int, optional
        Before the first step, show labelled slices of the first source by ``start_from`` as it
        says of their tissue at a look, first the one next to this (`quick_previews`); none by
        default, and where a run is resumed.
    on_event : callable
        Receives `Log`, `TrainProgress`, `EpochDone`, `Preview` and `QuickPreview`.
    should_stop : callable
        Asked after every step; when it turns true the best model so far is kept.

    Returns
    -------
    TrainResult

    Raises
    ------
    ShapeError, LabelsError, SettingError, ModelError, DeviceError, WriteError
        If the data, the settings, the model to start from, the device or the folder will not do, or
        another process trains in it.
    CancelledError
        If stopped before the first epoch was done.
    EmsegError
        If the loss is no longer finite; the best model so far is restored and kept.
    """
    require_names(sources)
    for each in sources:
        require_all_classes(each, recipe.network.names)
    run_folder = RunFolder(folder)
    with run_folder.lock(), on_device(device) as chosen:
        training = Training(
            sources, recipe, voxel_size_nm or sources[0].images.voxel_size_nm, run_folder, terms,
            on_event, should_stop,
        )  # fmt: skip
        with closing(training):
            if preview_near is not None and start_from is not None and not resume:
                on_event(Log("Looking at the tissue ..."))
                training.monitor.show_before(
                    quick_previews(start_from, sources[0], preview_near, should_stop)
                )
            training.prepare(start_from, resume=resume, device=chosen)
            return training.run(name)
