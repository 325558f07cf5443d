"""Training: labelled slices in, a run folder with a model package out."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from napari_emseg.core.config import NetworkConfig, Recipe
from napari_emseg.core.normalise import normalise
from napari_emseg.core.patches import make_batch, prefetch, steps_per_epoch
from napari_emseg.core.split import Split, split_slices
from napari_emseg.core.targets import Target
from napari_emseg.errors import CancelledError, EmsegError, ShapeError
from napari_emseg.model._beginning import (
    compile_for_training,
    load_last,
    network_of,
    require_cells,
    require_same_split,
)
from napari_emseg.model.losses import training_loss
from napari_emseg.model.package import ModelPackage, PackageInfo
from napari_emseg.model.package_writer import write_package
from napari_emseg.model.predict import read_seen
from napari_emseg.model.run_folder import RunFolder, write_atomically
from napari_emseg.model.runtime import load_network
from napari_emseg.model.unet import build_unet
from napari_emseg.model.validation import best_epoch, validate
from napari_emseg.types import EpochDone, Float32Array, Log, OnEvent, Progress, ShouldStop, Stack

_LAST_LEARNING_RATE = 0.01
"""Part of the first learning rate that is left at the end of the schedule."""


@dataclass(frozen=True)
class TrainResult:
    """What a training reached: its package, the best epoch, and that epoch's scores."""

    package: Path
    best: dict[str, float]
    stopped: bool


def train(
    stack: Stack,
    target: Target,
    recipe: Recipe,
    *,
    folder: Path,
    name: str = "model",
    validation: Sequence[int] | None = None,
    start_from: ModelPackage | None = None,
    resume: bool = False,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
) -> TrainResult:
    """Train a U-Net on the labelled slices of a stack.

    The weights of the epoch with the best V_rand on the validation slices become the model (see
    `validation.best_epoch`), with the threshold around which it is best.

    Parameters
    ----------
    stack : Stack
        Image (Z, Y, X).
    target : Target
        Classes and weights of the same shape.
    recipe : Recipe
        Network, augmentation and training settings.
    folder : Path
        Run folder to make, or to go on with.
    name : str
        What the model is called.
    validation : sequence of int, optional
        Slices to validate on; by default a fraction spread over the labelled ones.
    start_from : ModelPackage, optional
        Model package whose weights to start from; it brings its network's shape along, in place
        of ``recipe.network``.
    resume : bool
        Go on after the last finished epoch of the run in ``folder``, with its network's shape;
        the slices to train and to validate on must be the same. Where ``folder`` holds no run,
        begin one.
    on_event : callable
        Receives `Log`, `Progress` and `EpochDone`.
    should_stop : callable
        Asked after every step; when it turns true the best model so far is kept.

    Returns
    -------
    TrainResult

    Raises
    ------
    ShapeError, LabelsError, SettingError, ModelError, WriteError
        If the data, the settings, the model to start from, or the folder will not do.
    CancelledError
        If stopped before the first epoch was done.
    EmsegError
        If the loss is no longer finite; the best model so far is kept.
    """
    if stack.shape != target.classes.shape:
        raise ShapeError(
            f"labels: expected the image's shape {stack.shape}, received {target.classes.shape}"
        )
    split = split_slices(target.labelled, fraction=recipe.train.val_fraction, validation=validation)
    require_cells(target, split)
    training = _Training(stack, target, recipe, split, RunFolder(folder), on_event, should_stop)
    training.prepare(start_from, resume)
    try:
        training.run()
    except _LossError:
        if training.history:
            training.finish(name)
        raise
    return training.finish(name)


class _LossError(EmsegError):
    """The loss is no longer finite."""


class _Training:
    """State of one run between its epochs."""

    def __init__(
        self,
        stack: Stack,
        target: Target,
        recipe: Recipe,
        split: Split,
        folder: RunFolder,
        on_event: OnEvent,
        should_stop: ShouldStop,
    ) -> None:
        self.stack, self.target, self.recipe, self.split = stack, target, recipe, split
        self.folder, self.tell, self.should_stop = folder, on_event, should_stop
        self.steps = steps_per_epoch(stack.shape[1:], len(split.train), recipe)
        self.history: list[dict[str, float]] = []
        self.stopped = False
        self._begun = time.monotonic()

    # -- before the first epoch ------------------------------------------------------------

    def prepare(self, start_from: ModelPackage | None, resume: bool) -> None:
        """Make or reopen the run folder, and the model."""
        keras.utils.set_random_seed(self.recipe.train.seed)
        if resume and self.folder.last.exists():
            self._reopen()
        else:
            self._begin(start_from)
        self._begun = time.monotonic() - (self.history[-1]["seconds"] if self.history else 0.0)
        self.images = self._read_images()
        self.tell(Log(
            f"Training on {len(self.split.train)} slices, validating on slices "
            f"{', '.join(map(str, self.split.validation))}; {self.steps} steps per epoch."
        ))  # fmt: skip

    def _read_images(self) -> dict[int, Float32Array]:
        """The normalised slices that the network sees in training, by index."""
        see, total = self.recipe.network.slices_seen, len(self.stack)
        needed = {seen for z in self.split.train for seen in see(z, total)}
        return {z: normalise(self.stack.slice(z)) for z in sorted(needed)}

    def _begin(self, start_from: ModelPackage | None) -> None:
        if start_from is not None:
            self._take_network(start_from.info.network, f"model {start_from.info.name!r}")
        self.folder.start(self._config())
        network = self.recipe.network
        model = build_unet(network) if start_from is None else load_network(start_from)
        self.model = compile_for_training(model, self.recipe.train)

    def _reopen(self) -> None:
        require_same_split(self.folder, self._config())
        self._take_network(network_of(self.folder), "resumed run")
        self.history = self.folder.read_history()
        self.model = load_last(self.folder)
        self.tell(Log(f"Resumed after epoch {len(self.history)}."))

    def _take_network(self, network: NetworkConfig, source: str) -> None:
        if network != self.recipe.network:
            self.tell(Log(f"The {source} brings its network along: {network.to_dict()}."))
        self.recipe = replace(self.recipe, network=network)

    def _config(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe.to_dict(),
            "stack": self.stack.name,
            "train_slices": list(self.split.train),
            "validation_slices": list(self.split.validation),
        }

    # -- epochs ----------------------------------------------------------------------------

    def run(self) -> None:
        """Train until the epochs or the minutes are used up, or somebody stops it."""
        while not self.stopped and self._done() < 1:
            epoch = len(self.history) + 1
            losses = self._train_epoch(epoch)
            if self.stopped:
                break
            self.history.append(
                {"epoch": epoch, "seconds": self._seconds(), **losses, **self._validate()}
            )
            self._keep()
            self.tell(EpochDone(epoch, self.history[-1]))

    def _seconds(self) -> float:
        return time.monotonic() - self._begun

    def _done(self, step: int = 0) -> float:
        """Part of the training that lies behind, 0..1."""
        if self.recipe.train.minutes:
            return self._seconds() / (60 * self.recipe.train.minutes)
        return (len(self.history) + step / self.steps) / self.recipe.train.epochs

    def _learning_rate(self, done: float) -> float:
        """Half a cosine from the first learning rate to a hundredth of it."""
        fall = 0.5 + 0.5 * math.cos(math.pi * min(done, 1.0))
        part = _LAST_LEARNING_RATE + (1 - _LAST_LEARNING_RATE) * fall
        return self.recipe.train.learning_rate * part

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        def make(step: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return make_batch(
                self.images, self.target, self.split.train, self.recipe, epoch=epoch, step=step
            )

        self.model.reset_metrics()
        logs: dict[str, float] = {}
        for step, (image, classes, weights) in enumerate(prefetch(make, self.steps)):
            rate = self._learning_rate(self._done(step))
            self.model.optimizer.learning_rate = rate
            logs = self.model.train_on_batch(
                image, classes[..., np.newaxis], sample_weight=weights,
                return_dict=True,
            )  # fmt: skip
            loss = float(logs["loss"])
            self._require_finite(loss, epoch)
            self._report(step + 1)
            if self.should_stop():
                self.stopped = True
                break
            if self.recipe.train.minutes and self._done() >= 1:
                break
        return {"learning_rate": rate, "loss": loss, "accuracy": float(logs["accuracy"])}

    def _require_finite(self, loss: float, epoch: int) -> None:
        if not math.isfinite(loss):
            kept = f"The best model so far is kept in {self.folder.path}."
            raise _LossError(
                f"training: the loss is {loss} in epoch {epoch}; try a learning rate smaller than "
                f"{self.recipe.train.learning_rate:g}. "
                + (kept if self.history else "There is no model yet.")
            )

    def _report(self, step: int) -> None:
        done = min(self._done(step), 1.0)
        left = self._seconds() * (1 / done - 1) if done > 0.002 else None
        self.tell(Progress(done, 1.0, "training", left))

    def _validate(self) -> dict[str, float]:
        network, slices = self.recipe.network, self.split.validation
        loss = training_loss(self.recipe.train)
        return validate(self.model, network, self.stack, self.target, slices, loss)

    def _keep(self) -> None:
        """Write what a crash after this epoch must not lose."""
        if best_epoch(self.history) is self.history[-1]:
            write_atomically(self.folder.best, self.model.save)
        write_atomically(self.folder.last, self.model.save)
        self.folder.write_history(self.history)

    # -- after the last epoch ----------------------------------------------------------------

    def finish(self, name: str) -> TrainResult:
        """Write the model package of the best epoch."""
        if not self.history:
            raise CancelledError("Stopped before the first epoch was done; there is no model yet.")
        best = best_epoch(self.history)
        info = PackageInfo(
            name=name,
            network=self.recipe.network,
            threshold=best["threshold"],
            voxel_size_nm=self.stack.voxel_size_nm,
            training=self._config(),
            scores={k: v for k, v in best.items() if k.startswith("val_")},
        )
        model = keras.models.load_model(self.folder.best, compile=False)
        sample = read_seen(self.stack, self.split.validation[0], info.network)
        write_package(self.folder.package, info, model, sample)
        return TrainResult(self.folder.package, best, self.stopped)
