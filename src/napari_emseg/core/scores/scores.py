"""Scores as frozen values; what `napari_emseg.core.scores.metrics` gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from napari_emseg.core.slices import in_words

ISBI_THRESHOLDS: tuple[float, ...] = tuple(k / 10 for k in range(11))
"""The thresholds that the challenge tries: 0, 0.1, ... 1."""

AROUND: tuple[float, ...] = (-0.1, -0.05, 0.0, 0.05, 0.1)
"""Steps from a threshold over which V_rand is averaged; at it alone, luck tells forms apart."""

TITLES: dict[str, str] = {
    "v_rand": "V_rand",
    "v_rand_split": "V_rand split",
    "v_rand_merge": "V_rand merge",
    "v_info": "V_info",
    "v_info_split": "V_info split",
    "v_info_merge": "V_info merge",
    "pixel_accuracy": "Pixel accuracy",
    "iou": "IoU",
    "dice": "Dice",
    "precision": "Precision",
    "recall": "Recall",
}
"""What a person calls each score, in the order in which they are shown."""


@dataclass(frozen=True)
class SliceScores:
    """Scores of one slice at one threshold, each in 0..1 and 1 where nothing is wrong.

    A *split* is one cell of the truth in several pieces of the prediction (a membrane drawn where
    there is none), a *merger* one piece of the prediction over several cells (a gap in a membrane).

    Parameters
    ----------
    v_rand : float
        Foreground-restricted Rand F-score: harmonic mean of the two parts below.
    v_rand_split : float
        Its recall, ``sum n_ij^2 / sum a_i^2``: of the pixel pairs in one true cell, the part that
        the prediction keeps together. Only splits lower it.
    v_rand_merge : float
        Its precision, ``sum n_ij^2 / sum b_j^2``: of the pixel pairs in one predicted cell, the
        part that the truth keeps together. Only mergers lower it.
    v_info : float
        Information-theoretic F-score, ``2 I(S; T) / (H(S) + H(T))``.
    v_info_split : float
        ``I(S; T) / H(S)``, lowered by splits only.
    v_info_merge : float
        ``I(S; T) / H(T)``, lowered by mergers only.
    pixel_accuracy : float
        Part of all pixels whose class (cell or membrane) is right, before thinning.
    iou : float
        Intersection over union of the cell class, over all pixels, before thinning.
    dice : float
        Twice the intersection over the sum of both, of the same pixels.
    precision, recall : float
        Part of the predicted cell pixels that are cell, and of the true ones that were predicted.
    """

    v_rand: float
    v_rand_split: float
    v_rand_merge: float
    v_info: float
    v_info_split: float
    v_info_merge: float
    pixel_accuracy: float
    iou: float
    dice: float
    precision: float
    recall: float

    @classmethod
    def average(cls, scores: Sequence[SliceScores]) -> Self:
        """Mean of every score over the slices."""
        names = [each.name for each in fields(cls)]
        return cls(**{n: sum(getattr(s, n) for s in scores) / len(scores) for n in names})


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class, each in 0..1 and 1 where nothing is wrong.

    Parameters
    ----------
    name : str
        What the class is called.
    iou : float
        Intersection over union of its pixels (Jaccard index).
    dice : float
        Twice the intersection over the sum of both.
    """

    name: str
    iou: float
    dice: float


@dataclass(frozen=True)
class ThresholdScores:
    """One row of the sweep: the mean of every score over the slices at one threshold."""

    threshold: float
    mean: SliceScores


@dataclass(frozen=True)
class StackScores:
    """Scores of a stack.

    Parameters
    ----------
    slices : tuple of SliceScores
        One per labelled slice, at ``threshold``.
    numbers : tuple of int
        Which slices these are.
    sweep : tuple of ThresholdScores
        Means over the slices at every threshold that was tried.
    threshold : float
        The threshold of the highest mean V_rand; of several equal ones the nearest to 0.5.
    v_rand, v_info : float
        Each the best over the thresholds of its mean over the slices, as the challenge ranks.
    classes : tuple of ClassScores
        Of each class over all pixels of these slices, where both are maps of several classes.
    not_predicted : tuple of int
        Labelled slices that no model has predicted, and that take no part.
    """

    slices: tuple[SliceScores, ...]
    numbers: tuple[int, ...]
    sweep: tuple[ThresholdScores, ...]
    threshold: float
    v_rand: float
    v_info: float
    classes: tuple[ClassScores, ...] = ()
    not_predicted: tuple[int, ...] = ()

    @classmethod
    def reduce(
        cls, table: Mapping[int, Sequence[SliceScores]], thresholds: Sequence[float]
    ) -> Self:
        """Reduce ``table[slice][threshold]``: means over the slices, then the best of them.

        Parameters
        ----------
        table : mapping of int to sequence of SliceScores
            By slice, in order; one for each threshold.
        thresholds : sequence of float
            The thresholds.
        """
        columns = list(zip(*table.values(), strict=True))
        sweep = tuple(
            ThresholdScores(float(threshold), SliceScores.average(column))
            for threshold, column in zip(thresholds, columns, strict=True)
        )
        best = max(sweep, key=lambda row: (row.mean.v_rand, -abs(row.threshold - 0.5)))
        return cls(
            slices=columns[sweep.index(best)],
            numbers=tuple(table),
            sweep=sweep,
            threshold=best.threshold,
            v_rand=best.mean.v_rand,
            v_info=max(row.mean.v_info for row in sweep),
        )

    @property
    def mean(self) -> SliceScores:
        """Mean of every score over the slices, at ``threshold``."""
        return SliceScores.average(self.slices)

    @property
    def coverage(self) -> str:
        """Over how many slices, such as ``8 of 27 slices; slices 8 to 26 were not predicted``."""
        scored, left_out = len(self.numbers), self.not_predicted
        if not left_out:
            return f"{scored} slice{'s' * (scored != 1)}"
        were = "was" if len(left_out) == 1 else "were"
        all_ = scored + len(left_out)
        return f"{scored} of {all_} slices; {in_words(left_out)} {were} not predicted"

    @property
    def stack(self) -> SliceScores:
        """The mean, with the stack's own V_rand and V_info in their places."""
        return replace(self.mean, v_rand=self.v_rand, v_info=self.v_info)

    @property
    def pixel_accuracy(self) -> float:
        """Mean over the slices at ``threshold``."""
        return self.mean.pixel_accuracy

    @property
    def iou(self) -> float:
        """Mean over the slices at ``threshold``."""
        return self.mean.iou

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the form that ``napari-emseg evaluate --json`` prints."""
        names = ("v_rand", "v_info", "pixel_accuracy", "iou", "threshold")
        stack = {name: getattr(self, name) for name in names}
        rows = zip(self.numbers, self.slices, strict=True)
        return {
            "slices": [{"slice": z, **asdict(scores)} for z, scores in rows],
            **({"classes": [asdict(each) for each in self.classes]} if self.classes else {}),
            "stack": stack | {n: v for n, v in asdict(self.mean).items() if n not in stack},
            "slices_scored": len(self.numbers),
            "slices_labelled": len(self.numbers) + len(self.not_predicted),
            "not_predicted": list(self.not_predicted),
            "sweep": [{"threshold": row.threshold, **asdict(row.mean)} for row in self.sweep],
        }
