"""A network that learns, and the copy of it that is judged and kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from napari_emseg.core.config import NetworkConfig, TrainConfig
from napari_emseg.core.patches import Batch
from napari_emseg.errors import ModelError
from napari_emseg.model.keras_runtime import LOAD_ERRORS, load_network
from napari_emseg.model.losses import KnownPixelAccuracy, training_loss
from napari_emseg.model.package import ModelPackage
from napari_emseg.model.run_folder import RunFolder
from napari_emseg.model.unet import build_unet


class Learner:
    """A compiled network, and its twin.

    The twin is a network of the same shape, always in float32, that takes over the weights, or
    their running average, whenever they are to be judged. So what is validated is what is kept,
    the training itself is left alone, and a model trained in half precision runs anywhere.

    Parameters
    ----------
    model : keras.Model
        Compiled by `compile_for_training`.
    network : NetworkConfig
        Its shape.
    """

    def __init__(self, model: keras.Model, network: NetworkConfig) -> None:
        self.model = model
        with _precision(half=False):
            self._twin = build_unet(network)

    def step(self, batch: Batch, learning_rate: float) -> dict[str, float]:
        """Learn from one batch; gives ``loss`` and ``accuracy``, means since the last reset."""
        image, classes, weights = batch
        self.model.optimizer.learning_rate = learning_rate
        logs = self.model.train_on_batch(
            image, classes[..., np.newaxis], sample_weight=weights,
            return_dict=True,
        )  # fmt: skip
        return {name: float(logs[name]) for name in ("loss", "accuracy")}

    def settled(self) -> keras.Model:
        """The twin with the weights of now, averaged where the optimizer keeps an average."""
        self._twin.set_weights(self.model.get_weights())
        self.model.optimizer.finalize_variable_values(self._twin.trainable_variables)
        return self._twin


def new_learner(
    network: NetworkConfig, config: TrainConfig, *, half: bool, start_from: ModelPackage | None
) -> Learner:
    """A network that begins at random, or where a model is.

    Parameters
    ----------
    network : NetworkConfig
        Its shape.
    config : TrainConfig
        Learning rate and decay of the average.
    half : bool
        Compute in half precision; weights and their updates stay float32.
    start_from : ModelPackage, optional
        Where the weights come from.

    Raises
    ------
    ModelError
        If the weights to start from cannot be read, or do not fit the network.
    """
    with _precision(half=half):
        model = build_unet(network)
    if start_from is not None:
        _take_weights(model, start_from)
    return Learner(compile_for_training(model, network, config), network)


def _take_weights(model: keras.Model, package: ModelPackage) -> None:
    try:
        model.set_weights(load_network(package).get_weights())
    except ValueError as error:
        raise ModelError(
            f"from: the weights of {package.folder} do not fit the network that its description "
            f"names ({error}); import or train it again"
        ) from error


def compile_for_training(
    model: keras.Model, network: NetworkConfig, config: TrainConfig
) -> keras.Model:
    """Give ``model`` its optimizer, loss and metric.

    Where the weights are averaged, the batch norms keep the statistics of their last ten or so
    batches: on ISBI these fitted the averaged weights better than statistics averaged as long.
    """
    optimizer = keras.optimizers.Adam(
        config.learning_rate, use_ema=bool(config.ema), ema_momentum=config.ema or 0.99
    )
    if _is_half(model):  # Keras would do so itself, but forgets it in what it saves
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(
        optimizer=optimizer,
        loss=training_loss(config, network.classes),
        weighted_metrics=[KnownPixelAccuracy(name="accuracy")],
    )
    return model


@contextmanager
def _precision(*, half: bool) -> Iterator[None]:
    """Build networks in half or single precision; the policy of Keras is global, so put it back."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if half else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


# -- a run that goes on -------------------------------------------------------------------------


def resumed_learner(
    folder: RunFolder, network: NetworkConfig, config: TrainConfig, *, half: bool
) -> Learner:
    """The network after the last epoch of a run, with the state of its optimizer.

    Raises
    ------
    ModelError
        If it cannot be read, or was trained with another kind of average.
    """
    model = _load(folder)
    if _ema_of(model) != config.ema:
        raise ModelError(
            f"resume: the run in {folder.path} has ema {_ema_of(model):g}, received {config.ema:g};"
            " give the same, or start a new run from its model"
        )
    if _is_half(model) != half:  # begun on a GPU, and now on a processor, or the other way round
        other = new_learner(network, config, half=half, start_from=None)
        _transplant(model, other.model)
        return other
    return Learner(model, network)


def _load(folder: RunFolder) -> keras.Model:
    known = {"KnownPixelAccuracy": KnownPixelAccuracy}
    try:
        return keras.models.load_model(folder.last, custom_objects=known)
    except LOAD_ERRORS as error:
        raise ModelError(
            f"resume: {folder.last} cannot be loaded ({error}); start a new run in another folder"
        ) from error


def _is_half(model: keras.Model) -> bool:
    return any(layer.dtype_policy.name == "mixed_float16" for layer in model.layers)


def _inner(optimizer: Any) -> keras.optimizers.Optimizer:
    """The optimizer that holds the state; half precision wraps it in one that scales the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _ema_of(model: keras.Model) -> float:
    optimizer = _inner(model.optimizer)
    return float(optimizer.ema_momentum) if optimizer.use_ema else 0.0


def _transplant(source: keras.Model, target: keras.Model) -> None:
    """Copy weights and state of the optimizer between networks of different precision."""
    target.set_weights(source.get_weights())
    target.optimizer.build(target.trainable_variables)
    pairs = zip(_inner(source.optimizer).variables, _inner(target.optimizer).variables, strict=True)
    for theirs, ours in pairs:
        ours.assign(theirs)
