"""One round of retraining: what it began with, what comes of it, and how both compare."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import to_class_map
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.correct.corrected_pixels import CorrectedPixels
from napari_emseg.core.correct.edits import SliceEdits
from napari_emseg.core.slices import in_words
from napari_emseg.engine.train.held_out import HeldOut
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.model.packages.library import name_of
from napari_emseg.session.prediction.layers import SourceImage
from napari_emseg.session.prediction.prediction import Prediction, PredictionSettings
from napari_emseg.session.prediction.rules import Rules
from napari_emseg.session.prediction.shown import ShownPrediction
from napari_emseg.session.retrain.adapters import Overlay, PaintedLayer, PreviewLayer

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
    painted : PaintedLayer
        What shows these labels.
    edits : mapping of int to SliceEdits
        What a person has done to them, by slice.
    """

    image: SourceImage
    data: TrainingData
    painted: PaintedLayer
    edits: Mapping[int, SliceEdits]

    @cached_property
    def pixels(self) -> CorrectedPixels:
        """What counts of it; looks through the slices, so ask in a thread."""
        return CorrectedPixels.of(self.edits, self.data.labels)

    def in_words(self) -> str:
        """What a round would learn from; for a thread, as `pixels` is."""
        if self.pixels.slices:
            return f"Learns from {self.pixels}."
        only = in_words(self.pixels.relabelled)
        return f"Nothing to learn from yet: only ids were changed, on {only}."


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
    preview : PreviewLayer or None
        The layer with what the model says before it learns; it goes with the end of the round.
    """

    corrected: CorrectedStack
    parent: ModelPackage
    before: ShownPrediction | None
    active: Hashable | None
    held_out: HeldOut | None = None
    model: ModelPackage | None = None
    after: Prediction | None = None
    overlay: Overlay | None = None
    preview: PreviewLayer | None = None

    def drop_preview(self) -> None:
        """Take the preview out of the viewer, where there is one."""
        if self.preview is not None:
            self.preview.remove()

    def hide_replaced(self) -> None:
        """Close the eyes of what is segmented again: colours that lie on one another add up."""
        self.drop_preview()
        self.corrected.painted.hide()
        if self.before is not None:
            self.before.hide()

    def show_replaced(self) -> None:
        """Open those that `hide_replaced` has closed."""
        self.corrected.painted.show()
        if self.before is not None:
            self.before.show()

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
    def rules(self) -> Rules:
        """As it was shown before; a threshold that was the old model's becomes the new one's."""
        assert self.model is not None
        threshold = self.model.info.threshold
        if self.before is None:
            return Rules(("mask",), MaskConfig(threshold))
        rules = self.before.rules
        if rules.mask.threshold == self.before.threshold:
            rules = rules._replace(mask=replace(rules.mask, threshold=threshold))
        return rules

    @property
    def slices(self) -> set[int]:
        """Those to segment again: what was seen before, and what was held out."""
        assert self.held_out is not None
        seen = self.corrected.pixels.slices if self.before is None else self.before.done
        return set(seen) | set(self.held_out.slices)


@dataclass(frozen=True)
class Comparison:
    """Before and after a round.

    Parameters
    ----------
    model : str
        Name of the new one.
    judged : tuple of JudgedReviewed and JudgedDrawn
        By what a person has corrected and it did not learn from; empty where there is no such
        pixel, so that nothing can be said of better or worse.
    changed : float or None
        Part of the pixels whose mask is another, 0..1; None where nothing was segmented before.
    """

    model: str
    judged: tuple[JudgedReviewed | JudgedDrawn, ...]
    changed: float | None

    def __str__(self) -> str:
        said = "; ".join(map(str, self.judged)) or (
            "no corrected pixel was held out, so that nobody can say whether it is better"
        )
        share = "" if self.changed is None else f" {100 * self.changed:.1f} % of pixels changed."
        return f"{self.model}: {said}.{share}{self._advice}"

    @property
    def _advice(self) -> str:
        worse = any(each.is_worse for each in self.judged)
        return " It has become worse there; Revert goes back." if worse else ""


@dataclass(frozen=True)
class _Judged:
    """A figure of what was held out.

    Parameters
    ----------
    where : str
        Of what, in words.
    before, after : float or None
        0..1, better where higher; before is None where that was not predicted.
    """

    where: str
    before: float | None
    after: float

    @property
    def is_worse(self) -> bool:
        """Whether it has fallen, as far as it is shown."""
        return self.before is not None and round(self.after, 3) < round(self.before, 3)


class JudgedReviewed(_Judged):
    """V_rand of slices that a person vouches for."""

    def __str__(self) -> str:
        if self.before is None:
            return f"V_rand {self.after:.3f} ({self.where})"
        return f"V_rand {self.before:.3f} before, {self.after:.3f} after ({self.where})"


class JudgedDrawn(_Judged):
    """Which part of the pixels that a person has redrawn is right.

    They were redrawn because they were wrong, so it says nothing of the model's quality, and hardly
    any was right before.
    """

    def __str__(self) -> str:
        before = f" ({100 * self.before:.1f} % before)" if self.before else ""
        return f"of {self.where}, {100 * self.after:.1f} % are right now{before}"


def compare(now: Round) -> tuple[Comparison, npt.NDArray[Any] | None]:
    """Scores and changed pixels; for a thread."""
    held_out, before, after = now.held_out, now.before, now.after
    assert held_out is not None
    assert after is not None
    judged = tuple(_judged(held_out, before, after))
    if before is None:
        return Comparison(now.child, judged, None), None
    both = sorted(after.done & before.done)
    changed = changes(before, after, both)
    share = float(np.mean([(changed[z] != 0).mean() for z in both])) if both else 0.0
    return Comparison(now.child, judged, share), changed


def _judged(
    held_out: HeldOut, before: ShownPrediction | None, after: ShownPrediction
) -> Iterator[JudgedReviewed | JudgedDrawn]:
    """Figures of what was held out, by both predictions."""
    if before is not None and not set(held_out.slices) <= before.done:
        before = None
    reached = held_out.v_rand(after.probability)
    if reached is not None:
        score = None if before is None else held_out.v_rand(before.probability)
        yield JudgedReviewed(held_out.where_reviewed, score, reached)
    right = held_out.right(_of_its_kind(held_out, after))
    if right is not None:
        was = None if before is None else held_out.right(_of_its_kind(held_out, before))
        where = f"on {in_words(held_out.drawn)}"
        pixels = f"{held_out.drawn_px:,} corrected pixels {where} that took no part"
        yield JudgedDrawn(pixels, was, right)


def _of_its_kind(held_out: HeldOut, prediction: ShownPrediction) -> dict[int, npt.NDArray[Any]]:
    """What is compared with redrawn pixels: maps of classes where they hold these, else masks."""
    made: dict[int, npt.NDArray[Any]] = {**masks(prediction, held_out.drawn)}
    if not held_out.are_classes:
        return made
    within = prediction.within
    return {
        z: to_class_map(mask, np.full_like(mask, 2) if within is None else np.asarray(within[z]))
        for z, mask in made.items()
    }


def previewed(now: Round, path: Path) -> npt.NDArray[np.uint8] | None:
    """The mask (Y, X) of a probability in a file, made as what was shown before; for a thread.

    None where the file is gone, with the training that wrote it.
    """
    from napari_emseg.core.segment.postprocess import to_mask  # scipy: in the thread

    rules = MaskConfig(now.parent.info.threshold) if now.before is None else now.before.rules[1]
    try:
        return to_mask(np.load(path), rules)
    except OSError:
        return None


def masks(prediction: ShownPrediction, slices: Iterable[int]) -> dict[int, npt.NDArray[np.uint8]]:
    """Masks (Y, X) of slices, by the rules that a prediction is shown by; for a thread."""
    from napari_emseg.core.segment.postprocess import to_mask  # scipy: in the thread

    rules = prediction.rules.mask
    return {z: to_mask(np.asarray(prediction.probability[z]), rules) for z in slices}


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
    changed = np.zeros(after.probability.shape, np.uint8)
    for z in slices:
        old, new = (masks(each, [z])[z] != 0 for each in (before, after))
        changed[z][new & ~old] = NOW_CELL
        changed[z][old & ~new] = NOW_MEMBRANE
        if before.within is not None and after.within is not None:
            changed[z][old & new & (before.within[z] != after.within[z])] = NOW_OTHER_CLASS
    return changed
