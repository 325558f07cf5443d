"""Scores of the slice that is seen, of all slices, and over the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.scores import TITLES, SliceScores
from napari_emseg.core.scores.slice_comparison import ComparedSlice
from napari_emseg.report.files import SHORT
from napari_emseg.ui.compare.score_cache import ScoreCache
from napari_emseg.ui.compare.threshold_plot import SweepPlot
from napari_emseg.ui.widgets.forms import wrapped_label
from napari_emseg.ui.widgets.number_table import FigureTable
from napari_emseg.ui.widgets.words import plural

_MEANINGS = {
    "v_rand": "V_rand: pairs of pixels that are rightly in one cell or in two; gaps and false "
    "membranes lower it, the thickness of membranes does not.",
    "v_rand_split": "V_rand, split part: lowered by false membranes only.",
    "v_rand_merge": "V_rand, merge part: lowered by gaps only.",
    "v_info": "V_info: the same by information, which weighs small cells more.",
    "v_info_split": "V_info, split part: lowered by false membranes only.",
    "v_info_merge": "V_info, merge part: lowered by gaps only.",
    "pixel_accuracy": "Part of the pixels that are right.",
    "iou": "Intersection over union of the cells' pixels.",
    "dice": "Dice coefficient of the cells' pixels.",
    "precision": "Part of the pixels predicted as cell that are cell.",
    "recall": "Part of the cells' pixels that were predicted as cell.",
}
_NOTHING = "Nothing is scored yet."


class ScorePage(QWidget):
    """What the scores are.

    Attributes
    ----------
    here, stack : Label
        The slice that is seen, and the mean, in a sentence each.
    plot : SweepPlot
        The sweep over thresholds.
    table : FigureTable
        Every slice.
    """

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.here, self.stack = wrapped_label(_NOTHING), wrapped_label("")
        self.plot = SweepPlot(theme)
        self.table = FigureTable(
            [SHORT[name] for name in TITLES], [_MEANINGS[name] for name in TITLES]
        )
        self._drawn: object = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.here.native, self.stack.native, self.plot, self.table):
            layout.addWidget(part)

    def show_results(self, results: ScoreCache, config: CompareConfig, here: int | None) -> None:
        """Show what is known at these settings; ``here`` is the slice that is seen."""
        known = results.at(config)
        self.here.value = _about_here(known, results, here)
        self.stack.value = _about_stack(list(known.values()), results)
        self.table.show_rows({z: asdict(each.scores).values() for z, each in known.items()})
        if here is not None:
            self.table.choose(here)
        sweep = results.sweep()
        if (sweep, config.threshold) != self._drawn:
            self._drawn = sweep, config.threshold
            self.plot.show_sweep(sweep, config.threshold)


def _about_here(known: dict[int, ComparedSlice], results: ScoreCache, here: int | None) -> str:
    if here is not None and here in results.unlabelled:
        return f"Slice {here} has no truth: nothing is painted there."
    if here is None or here not in known:
        return _NOTHING if not known else ""
    return f"Slice {here}: {_in_words(known[here].scores)}"


def _about_stack(known: Sequence[ComparedSlice], results: ScoreCache) -> str:
    if len(known) < 2:
        return ""
    mean = SliceScores.average([each.scores for each in known])
    text = f"Mean of {plural(len(known), 'slice')}: {_in_words(mean)}"
    sweep = results.sweep()
    if sweep is None:
        return text
    return f"{text} Best threshold {sweep.threshold:g}: V_rand {sweep.v_rand:.4f}."


def _in_words(scores: SliceScores) -> str:
    return (
        f"V_rand {scores.v_rand:.4f} (split {scores.v_rand_split:.4f}, merge "
        f"{scores.v_rand_merge:.4f}), V_info {scores.v_info:.4f}, pixels "
        f"{scores.pixel_accuracy:.4f}."
    )
