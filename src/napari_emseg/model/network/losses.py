"""What training minimises, and what it reports."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from napari_emseg.core.classes import cell_probability
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.types import Float32Array

_SKELETON_STEPS = 8
"""Membranes up to twice as many px thick become lines: 95 % of ISBI's, at 4 nm per px."""
_SMOOTH = 1.0
"""Pixels added to both sides of a quotient, so that a patch without membranes has an overlap."""


def training_loss(config: TrainConfig, classes: int = 2) -> keras.losses.Loss:
    """The loss that ``config`` names; it is given the weight map as ``sample_weight`` (N, Y, X)."""
    if config.loss == "cross-entropy":
        return weighted_cross_entropy(classes)
    return OverlapLoss(config.loss, config.overlap_weight, classes)


def weighted_cross_entropy(classes: int = 2) -> keras.losses.Loss:
    """Per-pixel cross-entropy; the weight map is given as ``sample_weight`` (N, Y, X)."""
    if classes == 2:
        return BinaryCrossEntropy(name="weighted_cross_entropy")
    return ClassCrossEntropy(name="weighted_cross_entropy")


@keras.saving.register_keras_serializable("napari_emseg")
class BinaryCrossEntropy(keras.losses.BinaryCrossentropy):
    """Keras' own, save on PyTorch, whose operation raises where the prediction is no number.

    On a GPU it raises in a way after which the process cannot use that GPU any more.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Cross-entropy (N, Y, X) of a channel ``y_pred`` and classes ``y_true`` (N, Y, X, 1)."""
        if keras.backend.backend() != "torch":
            return super().call(y_true, y_pred)
        is_cell = ops.cast(y_true, y_pred.dtype)
        return _minus_log((is_cell * y_pred + (1 - is_cell) * (1 - y_pred))[..., 0])


@keras.saving.register_keras_serializable("napari_emseg")
class ClassCrossEntropy(keras.losses.SparseCategoricalCrossentropy):
    """Keras' own, save on PyTorch, whose operation has no gradient where channels come last."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Cross-entropy (N, Y, X) of channels ``y_pred`` and classes ``y_true`` (N, Y, X, 1)."""
        if keras.backend.backend() != "torch":
            return super().call(y_true, y_pred)
        return _minus_log(ops.take_along_axis(y_pred, ops.cast(y_true, "int32"), axis=-1)[..., 0])


def _minus_log(right: Any) -> Any:
    """Cross-entropy, in nats, of the probability of the right class; finite also of 0."""
    nearly_none = keras.config.epsilon()
    return -ops.log(ops.clip(right, nearly_none, 1 - nearly_none))


@keras.saving.register_keras_serializable("napari_emseg")
class OverlapLoss(keras.losses.Loss):
    """Weighted cross-entropy, and how far the overlap of the membranes is from 1.

    The overlap is taken over each patch, of pixels whose class is known (weight above 0), each of
    which counts once: what lies between close cells weighs more in the cross-entropy alone.

    Parameters
    ----------
    overlap : {"dice", "cldice"}
        Which overlap; see `dice` and `centreline_dice`.
    weight : float
        Weight of the overlap beside the cross-entropy.
    classes : int
        How many classes the network tells apart.
    name : str
        Name of the loss.
    reduction : str
        As Keras has it; both parts are means over the batch.
    """

    def __init__(
        self,
        overlap: str = "dice",
        weight: float = 0.5,
        classes: int = 2,
        name: str = "overlap_loss",
        reduction: str = "sum_over_batch_size",
    ) -> None:
        super().__init__(name=name, reduction=reduction)
        self.overlap, self.weight, self.classes = overlap, weight, classes
        self._overlap_of = {"dice": dice, "cldice": centreline_dice}[overlap]
        self._cross_entropy = weighted_cross_entropy(classes)

    # not `call`, which is not told the weights
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Loss of channels ``y_pred`` (N, Y, X, K) for the classes ``y_true`` (N, Y, X, 1)."""
        truth, predicted = (ops.convert_to_tensor(each, "float32") for each in (y_true, y_pred))
        known = ops.ones_like(truth)
        if sample_weight is not None:
            known = ops.cast(ops.convert_to_tensor(sample_weight) > 0, "float32")[..., None]
        true_membranes = ops.cast(truth == 0, "float32")
        membranes = 1 - cell_probability(predicted)[..., None]
        overlap = self._overlap_of(true_membranes * known, membranes * known)
        cross_entropy = self._cross_entropy(truth, predicted, sample_weight)
        return cross_entropy + self.weight * (1 - ops.mean(overlap))

    def get_config(self) -> dict[str, Any]:
        """Arguments that make the same loss again."""
        about = {"overlap": self.overlap, "weight": self.weight, "classes": self.classes}
        return {**super().get_config(), **about}


def dice(truth: Any, predicted: Any) -> Any:
    """Dice coefficient (N,) of each patch, 0..1, from membranes (N, Y, X, 1) in 0..1.

    References
    ----------
    Milletari, Navab, Ahmadi: V-Net. 3DV 2016. https://doi.org/10.1109/3DV.2016.79
    """
    return _part(2 * truth * predicted, truth + predicted)


def centreline_dice(truth: Any, predicted: Any) -> Any:
    """Centre-line Dice coefficient (N,) of each patch, 0..1, from membranes (N, Y, X, 1) in 0..1.

    Of the predicted membranes' centre lines, how much lies in true membranes, and the reverse;
    clDice is the harmonic mean of both. A gap costs as much of it in a thin membrane as in a thick
    one.

    References
    ----------
    Shit et al.: clDice - a novel topology-preserving loss function for tubular structure
    segmentation. CVPR 2021. https://doi.org/10.1109/CVPR46437.2021.01629
    """
    truth, predicted = (ops.convert_to_tensor(each) for each in (truth, predicted))
    true_line, predicted_line = _skeleton(truth), _skeleton(predicted)
    precision = _part(predicted_line * truth, predicted_line)
    recall = _part(true_line * predicted, true_line)
    return 2 * precision * recall / (precision + recall)


def _part(some: Any, everything: Any) -> Any:
    """Sum over each patch of ``some``, as a part of that of ``everything``."""
    total, whole = (ops.sum(each, axis=(1, 2, 3)) for each in (some, everything))
    return (total + _SMOOTH) / (whole + _SMOOTH)


def _skeleton(membranes: Any) -> Any:
    """Differentiable centre lines: what opening removes, at one erosion after the other."""
    lines = _top_hat(membranes)
    for _ in range(_SKELETON_STEPS):
        membranes = _erode(membranes)
        removed = _top_hat(membranes)
        lines = lines + ops.relu(removed - lines * removed)
    return lines


def _top_hat(x: Any) -> Any:
    opened = ops.max_pool(_erode(x), 3, strides=1, padding="same")
    return ops.relu(x - opened)


def _erode(x: Any) -> Any:
    """The smallest of each pixel and its four neighbours."""
    down, across = (-ops.max_pool(-x, size, strides=1, padding="same") for size in ((3, 1), (1, 3)))
    return ops.minimum(down, across)


class KnownPixelAccuracy(keras.metrics.BinaryAccuracy):
    """Fraction of the pixels whose class is known (weight above 0) that are predicted right."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of channels (N, Y, X, K); ``sample_weight`` is the weight map (N, Y, X)."""
        known = None if sample_weight is None else ops.cast(sample_weight > 0, "float32")
        if y_pred.shape[-1] > 1:  # to "is it right?", which shall be 1
            y_pred = ops.cast(_predicted_classes(y_pred) == ops.cast(y_true, "int32"), "float32")
            y_true = ops.ones_like(y_pred)
        super().update_state(y_true, y_pred, known)


def _predicted_classes(channels: Any) -> Any:
    """As `to_class_map` at threshold 0.5 has them, from 0, of tensors: (N, Y, X, 1) int32."""
    is_cell = ops.cast(cell_probability(channels) > 0.5, "int32")[..., None]
    within = ops.argmax(channels[..., 1:], axis=-1, keepdims=True) + 1
    return is_cell * ops.cast(within, "int32")


def loss_of(
    loss: keras.losses.Loss,
    channels: Float32Array,
    classes: npt.NDArray[Any],
    weights: Float32Array,
) -> float:
    """A loss over finished predictions (Z, Y, X, K): the mean of its slices'."""
    each = [
        float(loss(truth[None, ..., None], p[None], sample_weight=w[None]))
        for truth, p, w in zip(classes, channels, weights, strict=True)
    ]
    return float(np.mean(each))
