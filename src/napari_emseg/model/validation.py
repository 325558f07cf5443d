"""How good a network is on the validation slices, and which epoch of a run is kept."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from napari_emseg.core.config import NetworkConfig, PredictConfig
from napari_emseg.core.metrics import ThresholdScores, score_stack
from napari_emseg.core.targets import Target
from napari_emseg.model.losses import loss_of
from napari_emseg.model.predict import predict_slices
from napari_emseg.model.runtime import KerasRuntime
from napari_emseg.types import Stack

_THRESHOLDS = tuple(k / 10 for k in range(1, 10))
_SETTLED = 0.1
"""Part of the highest learning rate below which the weights no longer jump."""


def validate(
    model: keras.Model,
    network: NetworkConfig,
    stack: Stack,
    target: Target,
    slices: Sequence[int],
    loss: keras.losses.Loss,
) -> dict[str, float]:
    """Scores of a network on some slices, as columns of the history.

    Parameters
    ----------
    model : keras.Model
        The network, on the device that is current.
    network : NetworkConfig
        Its shape.
    stack : Stack
        Image (Z, Y, X).
    target : Target
        Classes and weights of the same shape.
    slices : sequence of int
        Slices to predict and score.
    loss : keras.losses.Loss
        What training minimises.

    Returns
    -------
    dict
        ``val_loss``, ``val_accuracy`` (at 0.5, over known pixels), ``val_v_rand`` and
        ``val_v_info`` (best over the thresholds), and ``threshold``.
    """
    slices = list(slices)
    runtime, config = KerasRuntime(model), PredictConfig()
    probability = np.stack(
        [each for _, each in predict_slices(stack, slices, runtime, network, config)]
    )
    classes, weights = target.classes[slices], target.weights[slices]
    scores = score_stack(probability, classes, thresholds=_THRESHOLDS)
    right = (probability > 0.5) == classes
    return {
        "val_loss": loss_of(loss, probability, classes, weights),
        "val_accuracy": float(right[weights > 0].mean()),
        "val_v_rand": scores.v_rand,
        "val_v_info": scores.v_info,
        "threshold": steady_threshold(scores.sweep),
    }


def steady_threshold(sweep: Sequence[ThresholdScores]) -> float:
    """The threshold around which V_rand is best, together with its two neighbours.

    On a few slices a single threshold wins by luck: one merger more or less is 0.01.
    """
    v_rand = np.array([row.mean.v_rand for row in sweep])
    around = np.convolve(np.pad(v_rand, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    return float(sweep[int(np.argmax(around))].threshold)


def best_epoch(history: Sequence[dict[str, float]]) -> dict[str, float]:
    """The row of the history with the best V_rand among the epochs that count.

    Once the learning rate has fallen to a tenth of its highest value, only the epochs since then
    count: before, the weights jump from epoch to epoch, and the best of a hundred noisy scores on
    a few slices is luck.
    """
    highest = max(row["learning_rate"] for row in history)
    settled = [row for row in history if row["learning_rate"] <= _SETTLED * highest]
    return max(settled or history, key=lambda row: row["val_v_rand"])
