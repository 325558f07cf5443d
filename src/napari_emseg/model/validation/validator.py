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
from napari_emseg.core.scores.metrics import score_stack
from napari_emseg.core.scores.scores import AROUND
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.targets import Target
from napari_emseg.model.network.losses import loss_of
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.predict.predict import predict_slice
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime
from napari_emseg.model.runtimes.runtime import Runtime
from napari_emseg.types import Float32Array

THRESHOLDS = tuple(k / 10 for k in range(1, 10))
WITHOUT_V_RAND = 0.5
"""Threshold where V_rand cannot choose one."""

COLUMNS = ("v_rand", "v_info", "val_loss", "val_accuracy", "val_v_rand", "val_v_info", "threshold")
"""What a validation adds to the row of an epoch."""


@dataclass(frozen=True, eq=False)
class Validation:
    """What a network is worth.

    Parameters
    ----------
    scores : dict
        Columns of the history.
    probability : (Y, X) float32 array
        Of the first validation slice.
    v_rand : (9,) float array
        Of what is held out, at `THRESHOLDS`; NaN where V_rand means nothing.
    """

    scores: dict[str, float]
    probability: Float32Array
    v_rand: npt.NDArray[np.float64]


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
    """Predicts and scores what is held out of a source, and one fixed training slice beside it.

    As a person's stack is: resampled for the network, and judged at its own pixels.

    Parameters
    ----------
    source : Source
        Images, and what is known of them.
    network : NetworkConfig
        Shape of the networks to come.
    loss : keras.losses.Loss
        What training minimises.
    """

    def __init__(self, source: Source, network: NetworkConfig, loss: keras.losses.Loss) -> None:
        target, split = source.target, source.split
        self._network, self._loss, self._resampling = network, loss, source.resampling
        self._held_out = _Part.of(target, split.validation, split.validation_columns)
        trained = (split.train[len(split.train) // 2],)
        self._trained = _Part.of(target, trained, split.train_columns)
        # read once: a lazy stack may lie on a slow disk
        self._images = {
            z: read_seen(source.images, z, network) for z in {*split.validation, *trained}
        }

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
        held_out, v_rand = _scores(self._held_out, slices, self._loss, THRESHOLDS)
        trained, _ = _scores(self._trained, slices, self._loss, (held_out["threshold"],))
        scores = {
            "v_rand": trained["v_rand"],
            "v_info": trained["v_info"],
            **{f"val_{name}": held_out[name] for name in ("loss", "accuracy", "v_rand", "v_info")},
            "threshold": held_out["threshold"],
        }
        return Validation(scores, cell_probability(slices[self.first_slice]), v_rand)

    def v_rand(self, runtime: Runtime, threshold: float) -> float:
        """V_rand on what is held out, the mean over five thresholds within 0.1 of the one."""
        part = self._held_out
        probability = cell_probability(part.predicted(self._predict(runtime, part.slices)))
        around = [threshold + step for step in AROUND]
        return float(_cell_scores(part, probability, around)[1].mean())

    def _predict(self, runtime: Runtime, slices: Iterable[int]) -> dict[int, Float32Array]:
        return {
            z: predict_slice(
                self._images[z], runtime, self._network, PredictConfig(),
                resampling=self._resampling,
            )
            for z in slices
        }  # fmt: skip


def _scores(
    part: _Part,
    slices: dict[int, Float32Array],
    loss: keras.losses.Loss,
    thresholds: Sequence[float],
) -> tuple[dict[str, float], npt.NDArray[np.float64]]:
    channels = part.predicted(slices)
    probability = cell_probability(channels)
    class_map = to_class_map(probability > 0.5, class_within_cells(channels))
    right = class_map == part.classes + 1
    cells, v_rand = _cell_scores(part, probability, thresholds)
    of_pixels = {
        "loss": loss_of(loss, channels, part.classes, part.weights),
        "accuracy": float(right[part.weights > 0].mean()),
    }
    return {**of_pixels, **cells}, v_rand


def _cell_scores(
    part: _Part, probability: npt.NDArray[Any], thresholds: Sequence[float]
) -> tuple[dict[str, float], npt.NDArray[np.float64]]:
    """Scores of the cells, and V_rand by threshold."""
    # NaN comes of weights that are no numbers any more; the loss tells, and the trainer acts
    if not part.has_whole_cells or not np.isfinite(probability).all():
        unknown = {"v_rand": math.nan, "v_info": math.nan, "threshold": WITHOUT_V_RAND}
        return unknown, np.full(len(thresholds), math.nan)
    scores = score_stack(probability, part.classes > 0, thresholds=thresholds)
    v_rand = np.array([row.mean.v_rand for row in scores.sweep])
    threshold = steady_threshold(thresholds, v_rand)
    return {"v_rand": scores.v_rand, "v_info": scores.v_info, "threshold": threshold}, v_rand


def steady_threshold(thresholds: Sequence[float], v_rand: npt.NDArray[np.float64]) -> float:
    """The threshold around which V_rand is best, together with its two neighbours.

    On a few slices a single threshold wins by luck: one merger more or less is 0.01.
    """
    around = np.convolve(np.pad(v_rand, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    return float(thresholds[int(np.argmax(around))])
