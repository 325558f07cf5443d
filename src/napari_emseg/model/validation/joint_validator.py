"""How good a network is on several sources together, and on each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.train.source import Source
from napari_emseg.model.runtimes.runtime import Runtime
from napari_emseg.model.validation.validator import (
    COLUMNS,
    THRESHOLDS,
    WITHOUT_V_RAND,
    Validation,
    Validator,
    steady_threshold,
)

PER_SOURCE = ("val_loss", "val_v_rand", "val_v_info", "threshold")
"""Columns that each of several sources has besides, such as ``val_v_rand NAME``."""


class JointValidator:
    """Judges a network by the mean over sources, each of which counts alike.

    Parameters
    ----------
    sources : sequence of Source
        One or more, whose names differ.
    network : NetworkConfig
        Shape of the networks to come.
    loss : keras.losses.Loss
        What training minimises.
    """

    def __init__(
        self, sources: Sequence[Source], network: NetworkConfig, loss: keras.losses.Loss
    ) -> None:
        self._validators = {each.name: Validator(each, network, loss) for each in sources}

    @property
    def judged_by_loss(self) -> tuple[str, ...]:
        """Sources that V_rand cannot judge; see `Validator.judges_by_v_rand`."""
        return tuple(name for name, each in self._validators.items() if not each.judges_by_v_rand)

    @property
    def first_slice(self) -> int:
        """The slice of the first source whose probability a `Validation` holds."""
        return next(iter(self._validators.values())).first_slice

    @property
    def not_validated(self) -> dict[str, float]:
        """Columns of an epoch that was not validated."""
        each = [f"{column} {name}" for name in self._several for column in PER_SOURCE]
        return dict.fromkeys((*COLUMNS, *each), math.nan)

    @property
    def _several(self) -> tuple[str, ...]:
        """Names of the sources, where there are several."""
        return tuple(self._validators) if len(self._validators) > 1 else ()

    def __call__(self, model: keras.Model) -> Validation:
        """Judge a network on the device that is current.

        Returns
        -------
        Validation
            As a `Validator` gives it of the only source. Of several: the means over the sources,
            those of V_rand and V_info over sources that are judged by it; the threshold around
            which the mean of V_rand is best; and the columns `PER_SOURCE` of each, with the
            threshold that would be best for it alone.
        """
        judged = {name: validate(model) for name, validate in self._validators.items()}
        first = next(iter(judged.values()))
        if not self._several:
            return first
        each = {
            f"{column} {name}": validation.scores[column]
            for name, validation in judged.items()
            for column in PER_SOURCE
        }
        v_rand = _mean([validation.v_rand for validation in judged.values()])
        threshold = WITHOUT_V_RAND if np.isnan(v_rand).all() else steady_threshold(
            THRESHOLDS, v_rand
        )  # fmt: skip
        return replace(first, scores={**_means(judged), "threshold": threshold, **each})

    def v_rand(self, runtime: Runtime, threshold: float) -> list[float]:
        """V_rand of each source on what is held out of it, around a threshold."""
        return [validate.v_rand(runtime, threshold) for validate in self._validators.values()]


def _means(judged: dict[str, Validation]) -> dict[str, float]:
    means = {
        name: float(_mean([each.scores[name] for each in judged.values()]))
        for name in COLUMNS
        if name != "threshold"
    }
    # a loss that is no number is a failure of the training, whatever the source
    return {**means, "val_loss": float(np.mean([v.scores["val_loss"] for v in judged.values()]))}


def _mean(values: Sequence[float] | Sequence[np.ndarray]) -> np.ndarray:
    """Mean over the sources for which there is a number; NaN where there is for none."""
    stacked = np.array(values, np.float64)
    counted = np.isfinite(stacked).sum(axis=0)
    total = np.nansum(stacked, axis=0)
    return np.where(counted > 0, total / np.maximum(counted, 1), math.nan)
