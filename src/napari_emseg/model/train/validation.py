"""How good a network is on the slices that are held out, and at which threshold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import cell_probability, class_within_cells, to_class_map
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.label_images import cell_components
from napari_emseg.core.scores.metrics import ThresholdScores, score_stack
from napari_emseg.core.train.split import Split
from napari_emseg.core.train.targets import Target
from napari_emseg.model.network.losses import loss_of
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.predict.predict import predict_slice
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime
from napari_emseg.model.runtimes.runtime import Runtime
from napari_emseg.model.train.history import Row
from napari_emseg.types import Float32Array, Stack

_THRESHOLDS = tuple(k / 10 for k in range(1, 10))
_WITHOUT_V_RAND = 0.5
"""Threshold where V_rand cannot choose one."""

NOT_VALIDATED: Row = dict.fromkeys(
    ("v_rand", "v_info", "val_loss", "val_accuracy", "val_v_rand", "val_v_info", "threshold"),
    math.nan,
)
"""Columns of an epoch that was not validated."""


@dataclass(frozen=True, eq=False)
class Validation:
    """Scores, as columns of the history, and the first validation slice's probability (Y, X)."""

    scores: Row
    probability: Float32Array


@dataclass(frozen=True, eq=False)
class _Part:
    """Slices of a target, cut to the columns that count: classes and weights (Z, Y, X)."""

    slices: tuple[int, ...]
    columns: slice
    classes: npt.NDArray[np.uint8]
    weights: Float32Array

    @classmethod
    def of(cls, target: Target, slices: tuple[int, ...], columns: slice) -> _Part:
        return cls(
            slices, columns, np.stack([target[z].classes[:, columns] for z in slices]),
            np.stack([target[z].weights[:, columns] for z in slices]),
        )  # fmt: skip

    @property
    def has_whole_cells(self) -> bool:
        """Whether V_rand means something.

        Scribbles are parts of cells, and one cell alone cannot be merged with another.
        """
        if np.mean(self.weights > 0) < 0.5:
            return False
        return any(int(cell_components(each > 0).max()) > 1 for each in self.classes)

    def predicted(self, slices: dict[int, Float32Array]) -> Float32Array:
        """What the network says here (Z, Y, X, K)."""
        return np.stack([slices[z][:, self.columns] for z in self.slices])


class Validator:
    """Predicts and scores what a split holds out, and one fixed training slice beside it.

    Parameters
    ----------
    stack : Stack
        Image (Z, Y, X).
    target : Target
        Classes and weights of its labelled slices.
    split : Split
        What validates.
    network : NetworkConfig
        Shape of the networks to come.
    loss : keras.losses.Loss
        What training minimises.
    """

    def __init__(
        self,
        stack: Stack,
        target: Target,
        split: Split,
        network: NetworkConfig,
        loss: keras.losses.Loss,
    ) -> None:
        self._network, self._loss = network, loss
        self._held_out = _Part.of(target, split.validation, split.validation_columns)
        trained = (split.train[len(split.train) // 2],)
        self._trained = _Part.of(target, trained, split.train_columns)
        # read once: a lazy stack may lie on a slow disk
        self._images = {z: read_seen(stack, z, network) for z in {*split.validation, *trained}}

    @property
    def judges_by_v_rand(self) -> bool:
        """Whether V_rand judges, rather than the loss.

        It does where half of the validation pixels or more are known and hold several cells.
        """
        return self._held_out.has_whole_cells

    @property
    def first_slice(self) -> int:
        """The slice whose probability a `Validation` holds."""
        return self._held_out.slices[0]

    def __call__(self, model: keras.Model) -> Validation:
        """Judge a network on the device that is current.

        Returns
        -------
        Validation
            Its scores are ``val_loss``, ``val_accuracy`` (at 0.5, over known pixels),
            ``val_v_rand`` and ``val_v_info`` (best over the thresholds), ``threshold``; ``v_rand``
            and ``v_info`` of the training slice at that threshold. V_rand and V_info are NaN where
            too few pixels are known. Pixels whose class is unknown count in none.
        """
        slices = self._predict(KerasRuntime(model), self._images)
        held_out = _scores(self._held_out, slices, self._loss, _THRESHOLDS)
        trained = _scores(self._trained, slices, self._loss, (held_out["threshold"],))
        scores = {
            "v_rand": trained["v_rand"],
            "v_info": trained["v_info"],
            **{f"val_{name}": held_out[name] for name in ("loss", "accuracy", "v_rand", "v_info")},
            "threshold": held_out["threshold"],
        }
        return Validation(scores, cell_probability(slices[self.first_slice]))

    def v_rand(self, runtime: Runtime, threshold: float) -> tuple[float, float]:
        """V_rand on what is held out: at a threshold, and best over the thresholds."""
        part = self._held_out
        probability = cell_probability(part.predicted(self._predict(runtime, part.slices)))
        at, best = (
            _cell_scores(part, probability, thresholds)["v_rand"]
            for thresholds in ((threshold,), _THRESHOLDS)
        )
        return at, best

    def _predict(self, runtime: Runtime, slices: Iterable[int]) -> dict[int, Float32Array]:
        config = PredictConfig()
        return {z: predict_slice(self._images[z], runtime, self._network, config) for z in slices}


def _scores(
    part: _Part,
    slices: dict[int, Float32Array],
    loss: keras.losses.Loss,
    thresholds: Sequence[float],
) -> dict[str, float]:
    channels = part.predicted(slices)
    probability = cell_probability(channels)
    class_map = to_class_map(probability > 0.5, class_within_cells(channels))
    right = class_map == part.classes + 1
    return {
        "loss": loss_of(loss, channels, part.classes, part.weights),
        "accuracy": float(right[part.weights > 0].mean()),
        **_cell_scores(part, probability, thresholds),
    }


def _cell_scores(
    part: _Part, probability: npt.NDArray[Any], thresholds: Sequence[float]
) -> dict[str, float]:
    # NaN comes of weights that are no numbers any more; the loss tells, and the trainer acts
    if not part.has_whole_cells or not np.isfinite(probability).all():
        return {"v_rand": math.nan, "v_info": math.nan, "threshold": _WITHOUT_V_RAND}
    scores = score_stack(probability, part.classes > 0, thresholds=thresholds)
    return {
        "v_rand": scores.v_rand,
        "v_info": scores.v_info,
        "threshold": steady_threshold(scores.sweep),
    }


def steady_threshold(sweep: Sequence[ThresholdScores]) -> float:
    """The threshold around which V_rand is best, together with its two neighbours.

    On a few slices a single threshold wins by luck: one merger more or less is 0.01.
    """
    v_rand = np.array([row.mean.v_rand for row in sweep])
    around = np.convolve(np.pad(v_rand, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    return float(sweep[int(np.argmax(around))].threshold)
