"""One round of retraining: what it began with, what comes of it, and how both compare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.model.packages.library import name_of
from napari_emseg.ui.prediction.request import PredictionSettings
from napari_emseg.ui.retrain.difference_layer import changes
from napari_emseg.ui.retrain.state import Comparison

if TYPE_CHECKING:
    from napari.layers import Labels, Layer

    from napari_emseg.engine.train.held_out import HeldOut
    from napari_emseg.model.packages.package import ModelPackage
    from napari_emseg.ui.prediction.prediction_layers import Prediction
    from napari_emseg.ui.retrain.corrections import Corrections


@dataclass(eq=False)
class Round:
    """What one click began with, and what has come of it so far.

    Attributes
    ----------
    corrections : Corrections
        What it learns from.
    parent : ModelPackage
        The model that it began with.
    before : Prediction or None
        What was shown then.
    active : Layer or None
        The layer that a person worked on then.
    held_out : HeldOut or None
        What it does not learn from.
    model : ModelPackage or None
        The new one.
    after : Prediction or None
        What that one says.
    overlay : Labels or None
        The layer with the changes.
    """

    corrections: Corrections
    parent: ModelPackage
    before: Prediction | None
    active: Layer | None
    held_out: HeldOut | None = None
    model: ModelPackage | None = None
    after: Prediction | None = None
    overlay: Labels | None = None

    @property
    def child(self) -> str:
        """Name of the model that was made."""
        assert self.model is not None
        return name_of(self.model)


def means_after(now: Round) -> PredictionSettings:
    """As it was segmented before, by the new model."""
    assert now.model is not None
    if now.before is None or now.before.means is None:
        return PredictionSettings(now.model, "auto", PredictConfig())
    return replace(now.before.means, package=now.model)


def rules_after(now: Round) -> tuple[tuple[str, ...], MaskConfig]:
    """As it was shown before; a threshold that was the old model's becomes that of the new one."""
    assert now.model is not None
    threshold = now.model.info.threshold
    if now.before is None:
        return ("mask",), MaskConfig(threshold)
    kinds, config = now.before.rules
    if config.threshold == now.before.package.info.threshold:
        config = replace(config, threshold=threshold)
    return kinds, config


def compare(now: Round, after: Prediction) -> tuple[Comparison, npt.NDArray[Any] | None]:
    """Scores and changed pixels; for a thread."""
    held_out, before = now.held_out, now.before
    assert held_out is not None
    reached = held_out.v_rand(after.probability)
    if before is None:
        return Comparison(now.child, str(held_out), None, reached, None), None
    both = sorted(after.done & before.done)
    changed = changes(before, after, both)
    share = float(np.mean([(changed[z] != 0).mean() for z in both])) if both else 0.0
    known = set(held_out.slices) <= before.done
    score = held_out.v_rand(before.probability) if known else None
    return Comparison(now.child, str(held_out), score, reached, share), changed
