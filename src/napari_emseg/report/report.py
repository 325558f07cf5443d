"""What is said of a prediction that was scored; pages, tables and files are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_emseg.core.scores.paired import Paired
from napari_emseg.core.scores.scores import ClassScores, SliceScores, StackScores
from napari_emseg.core.scores.segmentation_error import SegmentationError
from napari_emseg.report.provenance import Provenance

if TYPE_CHECKING:
    from napari_emseg.core.scores.volume.score_volume import VolumeScores  # it loads OpenCV


@dataclass(frozen=True, eq=False)
class Report:
    """Scores, and all that is needed to come to them again.

    Parameters
    ----------
    scores : StackScores
        Of the stack and of each slice at one threshold, and the sweep over thresholds.
    provenance : Provenance
        What was scored, and how.
    best_threshold : float, optional
        That of the sweep, where the scores are those at a threshold that a person has chosen.
    errors : dict of int to tuple of SegmentationError, optional
        By slice, at that threshold; None where they are not listed.
    comparison : PairedReport, optional
        Another prediction of the same slices.
    volume : VolumeScores, optional
        Of the cells through the slices; None where nobody asked for them.
    prediction_is, truth_is : str
        What the two were taken for, in words; empty where nobody had to find out.
    notes : tuple of str
        What else a person should know, a line each.
    """

    scores: StackScores
    provenance: Provenance
    best_threshold: float | None = None
    errors: Mapping[int, tuple[SegmentationError, ...]] | None = None
    comparison: PairedReport | None = None
    volume: VolumeScores | None = None
    prediction_is: str = ""
    truth_is: str = ""
    notes: tuple[str, ...] = ()

    @property
    def slices(self) -> dict[int, SliceScores]:
        """The scores of each slice, by its number."""
        return dict(zip(self.scores.numbers, self.scores.slices, strict=True))

    @property
    def classes(self) -> tuple[ClassScores, ...]:
        """The scores of each class; empty where membrane and cell are all."""
        return self.scores.classes

    @property
    def rows(self) -> list[tuple[str, SliceScores]]:
        """What a table shows: the slices, and last the stack."""
        slices = [(str(z), scores) for z, scores in self.slices.items()]
        return [*slices, ("stack", self.scores.stack)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the form that ``napari-emseg evaluate --json`` prints."""
        values = self.scores.to_dict()
        if self.best_threshold is not None:
            values["stack"]["best_threshold"] = self.best_threshold
        if self.errors is not None:
            values["errors"] = [
                {"slice": z, **asdict(error)} for z, each in self.errors.items() for error in each
            ]
        if self.volume is not None:
            values["volume"] = self.volume.to_dict()
        if self.prediction_is:
            values |= {"prediction_is": self.prediction_is, "truth_is": self.truth_is}
            values["notes"] = list(self.notes)
        values["about"] = self.provenance.to_dict()
        if self.comparison is not None:
            values["against"] = self.comparison.to_dict()
        return values


@dataclass(frozen=True, eq=False)
class PairedReport:
    """What is said of a second prediction, slice by slice against the first.

    Parameters
    ----------
    second : Report
        Of the second one alone.
    paired : Paired
        Its V_rand less that of the first.
    """

    second: Report
    paired: Paired

    @classmethod
    def of(cls, first: Report, second: Report) -> PairedReport:
        """Compare two predictions over the slices both have."""
        v_rand = ({z: each.v_rand for z, each in r.slices.items()} for r in (first, second))
        return cls(second, Paired.of(*v_rand))

    @property
    def verdict(self) -> str:
        """What a person should take from it, in words."""
        return self.paired.verdict("V_rand", ("PREDICTION", "the one it is held against"))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        differences = self.paired.differences.items()
        return {
            "prediction": self.second.provenance.prediction.to_dict(),
            "stack": self.second.scores.to_dict()["stack"],
            "v_rand_differences": [{"slice": z, "v_rand": value} for z, value in differences],
            "p_value": self.paired.p_value,
            "verdict": self.verdict,
        }
