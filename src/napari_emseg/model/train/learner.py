"""A network that learns, and the copy of it that is judged and kept."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.patches import Batch
from napari_emseg.errors import MemoryShortError, ModelError
from napari_emseg.model.hardware.memory import memory_errors
from napari_emseg.model.network.boundary_distance import (
    DistanceLoss,
    tells_distance,
    with_distance,
    without_distance,
)
from napari_emseg.model.network.losses import KnownPixelAccuracy, training_loss
from napari_emseg.model.network.precision import (
    Precision,
    fastest_precision,
    in_precision,
    precision_of,
)
from napari_emseg.model.network.unet import build_unet, with_new_head
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.runtimes.keras_guard import check_keras_file
from napari_emseg.model.runtimes.keras_runtime import LOAD_ERRORS, load_network
from napari_emseg.model.train.run_folder import HISTORY_INSIDE, RunFolder
from napari_emseg.types import Float32Array

_OF_TRAINING: dict[str | None, Collection[str]] = {
    "keras.optimizers": {"Adam", "LossScaleOptimizer"},
    "keras.src.backend.torch.optimizers.torch_adam": {"Adam"},  # as it is saved on PyTorch
    "keras.losses": {"BinaryCrossentropy", "SparseCategoricalCrossentropy"},
    "napari_emseg.model.network.losses": {
        "BinaryCrossEntropy",
        "ClassCrossEntropy",
        "KnownPixelAccuracy",
        "OverlapLoss",
    },
    "napari_emseg.model.network.boundary_distance": {"DistanceLoss"},
    "napari_emseg.model.network.fused_norm": {"FusedBatchNormalization"},
}
"""Classes by module, besides those of a network that is only used."""
_BY_NAME = {"KnownPixelAccuracy": KnownPixelAccuracy, "Adam": keras.optimizers.Adam}
"""What is made by its name, whatever module a file says: Adam is each backend's own."""


class Learner:
    """A compiled network, and its twin.

    The twin is a copy, always in float32, that takes over the weights, or their running average,
    or their mean with former ones, whenever they are to be judged. So what is validated is what is
    kept, the training itself is left alone, and a model trained in half precision runs anywhere.

    Parameters
    ----------
    model : keras.Model
        Compiled by `compile_for_training`.

    Attributes
    ----------
    patches_at_once : int
        So many at most go through the network together.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self._twin = in_precision(model, "float32")
        self._judged = without_distance(self._twin)
        self.patches_at_once = sys.maxsize
        self._former: list[Float32Array] = []
        self._former_share = 0.0

    def keep_part_of(self, former: keras.Model, share: float) -> None:
        """Have what is judged and kept be a mean of former weights and of those that are learned.

        A network that goes on lies near the one that it came from, so that the mean of both works,
        and does well on the tissue of either.

        Parameters
        ----------
        former : keras.Model
            The network as it was when the training began.
        share : float
            Weight of the former weights in the mean, 0..1.

        References
        ----------
        Wortsman et al.: Robust fine-tuning of zero-shot models. CVPR 2022.
        https://doi.org/10.1109/CVPR52688.2022.00780
        """
        self._former, self._former_share = former.get_weights(), share

    def begin_epoch(self, seed: int, epoch: int) -> None:
        """Forget what was measured, and draw as this epoch does in a run that nothing interrupts.

        Parameters
        ----------
        seed : int
            That of the training.
        epoch : int
            Which one, from 1.
        """
        self.model.reset_metrics()
        for k, layer in enumerate(self.model.layers):
            drawing = getattr(layer, "seed_generator", None)  # Dropout has one
            if drawing is not None:
                state = np.random.SeedSequence((seed, epoch, k)).generate_state(2)
                drawing.state.assign(state % 2**31)  # some backends keep it with a sign

    def is_finite(self) -> bool:
        """Whether all weights are numbers."""
        return all(np.isfinite(each).all() for each in self.model.get_weights())

    def step(self, batch: Batch, learning_rate: float) -> dict[str, float]:
        """Learn from one batch; gives ``loss`` and ``accuracy``, means since the last reset.

        Where memory runs out the patches go through in smaller groups, one after another, and so
        they do from then on (`patches_at_once`).

        Raises
        ------
        MemoryShortError
            If there is not even room for one patch.
        """
        self.model.optimizer.learning_rate = learning_rate
        image, classes, weights = batch
        patches, done = len(image), 0
        while done < patches:
            group = slice(done, min(patches, done + self.patches_at_once))
            try:
                logs = self._learn_from(image[group], classes[group], weights[group])
            except MemoryError as error:
                self._take_fewer(group.stop - done, error)
            else:
                done = group.stop
        return logs

    def _learn_from(
        self, image: Float32Array, classes: npt.NDArray[np.uint8], weights: Float32Array
    ) -> dict[str, float]:
        truth, first = classes[..., np.newaxis], ""
        targets: Any = truth
        counted: Any = weights
        if tells_distance(self.model):  # then Keras' own loss is that of both, and each has a name
            known = (weights > 0).astype(np.float32)
            targets, counted = [truth, truth], [weights, known]
            first = f"{self.model.output_names[0]}_"
        with memory_errors():
            logs = self.model.train_on_batch(
                image, targets, sample_weight=counted, return_dict=True
            )
        return {name: float(logs[f"{first}{name}"]) for name in ("loss", "accuracy")}

    def _take_fewer(self, patches: int, error: MemoryError) -> None:
        if patches == 1:
            raise MemoryShortError(
                "patch_size: there is too little free memory to train on a single patch of this "
                "size; choose a smaller patch_size or fewer base_filters, or close other programs"
            ) from error
        self.patches_at_once = patches // 2

    def settled(self) -> keras.Model:
        """The twin with the weights of now, or with the means that are asked for."""
        self._twin.set_weights(self.model.get_weights())
        if _inner(self.model.optimizer).use_ema:
            self.model.optimizer.finalize_variable_values(self._twin.trainable_variables)
            # on JAX the twin would hold the average itself, and give it away when it predicts
            self._twin.set_weights(self._twin.get_weights())
        if self._former:
            share, pairs = (
                self._former_share,
                zip(self._former, self._judged.get_weights(), strict=True),
            )
            self._judged.set_weights([share * before + (1 - share) * now for before, now in pairs])
        return self._judged


def training_precision(config: TrainConfig, device: str) -> Precision:
    """What a training computes in on a device (``gpu:0``, ``cpu:0``)."""
    return fastest_precision(device) if config.mixed_precision else "float32"


def new_learner(
    network: NetworkConfig,
    config: TrainConfig,
    *,
    precision: Precision,
    start_from: ModelPackage | None,
) -> Learner:
    """A network that begins at random, or where a model is.

    Parameters
    ----------
    network : NetworkConfig
        Its shape, where it begins at random; its classes, in any case: where the model to start
        from has others, the last layer begins at random.
    config : TrainConfig
        Learning rate and decay of the average.
    precision : {"float32", "mixed_float16", "mixed_bfloat16"}
        What to compute in; weights and their updates stay float32.
    start_from : ModelPackage, optional
        Where it goes on; also from a network whose blocks an older version built otherwise.

    Raises
    ------
    ModelError
        If the weights to start from cannot be read, or do not fit the network.
    """
    begun = build_unet(network) if start_from is None else _network_of(start_from)
    if start_from is not None and start_from.info.unet.classes != network.classes:
        begun = with_new_head(begun, network)
    if config.distance_weight:
        begun = with_distance(begun)
    model = in_precision(begun, precision, training=True)
    return Learner(compile_for_training(model, network, config))


def _network_of(package: ModelPackage) -> keras.Model:
    """The network of a package as it is; how its blocks are built may differ from ours."""
    model = load_network(package)
    _require_fitting(model, package.info.unet, f"from: the weights of {package.folder}")
    return model


def _require_fitting(model: keras.Model, described: NetworkConfig, what: str) -> None:
    """Raise `ModelError` where a network is not the one that stands in a description."""
    expected = described.input_slices, described.channels, described.depth
    poolings = sum(isinstance(layer, keras.layers.MaxPooling2D) for layer in model.layers)
    received = model.input_shape[-1], model.output_shape[-1], poolings
    if received != expected:
        raise ModelError(
            f"{what} do not fit the network that its description names (input slices, channels "
            f"and depth are {received}, expected {expected}); import or train it again"
        )


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
    # Keras would do so itself, but forgets it in what it saves; bfloat16 reaches as far as float32
    if precision_of(model) == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    loss = training_loss(config, network.classes)
    accuracy = KnownPixelAccuracy(name="accuracy")
    if tells_distance(model):
        model.compile(
            optimizer=optimizer,
            loss=[loss, DistanceLoss(name="distance_loss")],
            loss_weights=[1.0, config.distance_weight],
            weighted_metrics=[[accuracy], []],
        )
    else:
        model.compile(optimizer=optimizer, loss=loss, weighted_metrics=[accuracy])
    return model


# -- a run that goes on -------------------------------------------------------------------------


def resumed_learner(
    folder: RunFolder, network: NetworkConfig, config: TrainConfig, *, precision: Precision
) -> Learner:
    """The network after the last epoch of a run, with the state of its optimizer.

    Raises
    ------
    ModelError
        If it cannot be read, or is another network.
    """
    model = load_run_network(folder.last)
    _require_fitting(without_distance(model), network, f"resume: the weights in {folder.path}")
    if precision_of(model) == precision:
        return Learner(model)
    # begun on another device, such as a GPU, and now on a processor
    converted = in_precision(model, precision, training=True)
    other = compile_for_training(converted, network, config)
    _copy_optimizer(model, other)
    return Learner(other)


def read_former(folder: RunFolder) -> keras.Model:
    """The network that a run went on from.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    return load_run_network(folder.former)


def load_run_network(path: Path, *, compiled: bool = True) -> keras.Model:
    """A network that a training wrote, with its optimizer where it is to go on.

    Raises
    ------
    ModelError
        If it cannot be read, or holds what no training of ours writes.
    """
    try:
        check_keras_file(path, also=_OF_TRAINING, beside={HISTORY_INSIDE})
        return keras.models.load_model(
            path, custom_objects=_BY_NAME, compile=compiled, safe_mode=True
        )
    except LOAD_ERRORS as error:
        raise ModelError(
            f"resume: {path} cannot be loaded ({error}); start a new run in another folder"
        ) from error


def _inner(optimizer: Any) -> keras.optimizers.Optimizer:
    """The optimizer that holds the state; half precision wraps it in one that scales the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _copy_optimizer(source: keras.Model, target: keras.Model) -> None:
    """Copy the state of the optimizer between networks of different precision."""
    target.optimizer.build(target.trainable_variables)
    pairs = zip(_inner(source.optimizer).variables, _inner(target.optimizer).variables, strict=True)
    for theirs, ours in pairs:
        ours.assign(theirs)
