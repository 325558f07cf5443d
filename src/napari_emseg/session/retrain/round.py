"""One round of retraining: what it began with, what comes of it, and how both compare."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.engine.train.held_out import HeldOut
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.model.packages.library import name_of
from napari_emseg.session.prediction.layers import SourceImage
from napari_emseg.session.prediction.prediction import Prediction, PredictionSettings
from napari_emseg.session.prediction.results import Kinds
from napari_emseg.session.prediction.shown import ShownPrediction
from napari_emseg.session.retrain.adapters import Overlay

if TYPE_CHECKING:
    from napari_emseg.model.packages.package import ModelPackage

NOW_CELL, NOW_MEMBRANE, NOW_OTHER_CLASS = 1, 2, 3
"""What a changed pixel is now."""


@dataclass(frozen=True, eq=False)
class CorrectedStack:
    """What a person has repaired.

    Parameters
    ----------
    image : SourceImage
        The stack.
    data : TrainingData
        Its pixels and the labels painted on it.
    slices : tuple of int
        Those that count, fully; all others not at all.
    """

    image: SourceImage
    data: TrainingData
    slices: tuple[int, ...]


@dataclass(eq=False)
class Round:
    """What one click began with, and what has come of it so far.

    Attributes
    ----------
    corrected : CorrectedStack
        What it learns from.
    parent : ModelPackage
        The model that it began with.
    before : ShownPrediction or None
        What was shown then.
    active : layer or None
        The one that a person worked on then.
    held_out : HeldOut or None
        What it does not learn from.
    model : ModelPackage or None
        The new one.
    after : Prediction or None
        What that one says.
    overlay : Overlay or None
        The layer with the changes.
    """

    corrected: CorrectedStack
    parent: ModelPackage
    before: ShownPrediction | None
    active: Hashable | None
    held_out: HeldOut | None = None
    model: ModelPackage | None = None
    after: Prediction | None = None
    overlay: Overlay | None = None

    @property
    def child(self) -> str:
        """Name of the model that was made."""
        assert self.model is not None
        return name_of(self.model)

    @property
    def device(self) -> str:
        """What it computes with: as it was segmented before."""
        before = None if self.before is None else self.before.settings
        return "auto" if before is None else before.device

    @property
    def settings(self) -> PredictionSettings:
        """As it was segmented before, by the new model."""
        assert self.model is not None
        before = None if self.before is None else self.before.settings
        if before is None:
            return PredictionSettings(self.model, "auto", PredictConfig())
        return replace(before, package=self.model)

    @property
    def rules(self) -> tuple[Kinds, MaskConfig]:
        """As it was shown before; a threshold that was the old model's becomes the new one's."""
        assert self.model is not None
        threshold = self.model.info.threshold
        if self.before is None:
            return ("mask",), MaskConfig(threshold)
        kinds, config = self.before.rules
        if config.threshold == self.before.threshold:
            config = replace(config, threshold=threshold)
        return kinds, config

    @property
    def slices(self) -> set[int]:
        """Those to segment again: what was seen before, and what was held out."""
        assert self.held_out is not None
        seen = self.corrected.slices if self.before is None else self.before.done
        return set(seen) | set(self.held_out.slices)


@dataclass(frozen=True)
class Comparison:
    """Before and after a round.

    Parameters
    ----------
    model : str
        Name of the new one.
    where : str
        What was held out, in words.
    before, after : float or None
        V_rand there, 0..1; None where the slices were not predicted before.
    changed : float or None
        Part of the pixels whose mask is another, 0..1; None where nothing was segmented before.
    """

    model: str
    where: str
    before: float | None
    after: float
    changed: float | None

    def __str__(self) -> str:
        score = f"V_rand {self.after:.3f}"
        if self.before is not None:
            score = f"V_rand {self.before:.3f} before, {self.after:.3f} after"
        share = "" if self.changed is None else f" {100 * self.changed:.1f} % of pixels changed."
        return f"{self.model}: {score} ({self.where}).{share}{self._advice}"

    @property
    def _advice(self) -> str:
        worse = self.before is not None and self.after < self.before
        return " It has become worse; Revert goes back." if worse else ""


def compare(now: Round) -> tuple[Comparison, npt.NDArray[Any] | None]:
    """Scores and changed pixels; for a thread."""
    held_out, before, after = now.held_out, now.before, now.after
    assert held_out is not None
    assert after is not None
    reached = held_out.v_rand(after.probability)
    if before is None:
        return Comparison(now.child, str(held_out), None, reached, None), None
    both = sorted(after.done & before.done)
    changed = changes(before, after, both)
    share = float(np.mean([(changed[z] != 0).mean() for z in both])) if both else 0.0
    known = set(held_out.slices) <= before.done
    score = held_out.v_rand(before.probability) if known else None
    return Comparison(now.child, str(held_out), score, reached, share), changed


def changes(
    before: ShownPrediction, after: ShownPrediction, slices: Iterable[int]
) -> npt.NDArray[Any]:
    """Where masks, or classes, of two predictions differ, each by its own rules; for a thread.

    Returns
    -------
    (Z, Y, X) uint8 array
        1 where cell came of membrane, 2 where membrane came of cell, 3 where a pixel of a cell has
        another class; 0 in all other slices.
    """
    from napari_emseg.core.segment.postprocess import to_mask  # scipy: in the thread

    changed = np.zeros(after.probability.shape, np.uint8)
    for z in slices:
        old, new = (
            to_mask(np.asarray(each.probability[z]), each.rules[1]) != 0 for each in (before, after)
        )
        changed[z][new & ~old] = NOW_CELL
        changed[z][old & ~new] = NOW_MEMBRANE
        if before.within is not None and after.within is not None:
            changed[z][old & new & (before.within[z] != after.within[z])] = NOW_OTHER_CLASS
    return changed
