"""Scores of the slice that is seen, of all slices, and over the threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.scores.empty_slices import about_empty
from napari_emseg.core.scores.scores import TITLES, ClassScores, SliceScores, StackScores
from napari_emseg.core.slices import in_words
from napari_emseg.report.figures import draw_sweep
from napari_emseg.report.files import SHORT
from napari_emseg.session.compare.session import CompareSession
from napari_emseg.session.words import explained, plural
from napari_emseg.ui.widgets.forms import wrapped_label
from napari_emseg.ui.widgets.plot_canvas import PlotCanvas
from napari_emseg.ui.widgets.table import Column, Table, figure, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
SLICE_COLUMN = Column("slice", "Slice, from 0. Click on a title to sort.")
_NOTHING = "Nothing is scored yet."
_PLOT_PX = 210


class ScorePage(QWidget):
    """What the scores are.

    Attributes
    ----------
    here, stack : Label
        The slice that is seen, and the mean, in a sentence each.
    classes : Label
        IoU and Dice of each class, where both layers are maps of several.
    plot : PlotCanvas
        The sweep over thresholds.
    table : Table
        Every slice.
    """

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.here, self.stack = wrapped_label(_NOTHING), wrapped_label("")
        self.classes = wrapped_label("")
        self.plot = PlotCanvas(theme, _PLOT_PX)
        self.plot.setToolTip("Scores over the threshold, as means over the slices scored so far.")
        columns = [SLICE_COLUMN, *(Column(SHORT[name], _MEANINGS[name]) for name in TITLES)]
        self.table = Table("Scores by slice", columns, sort_by=0)
        self._drawn: object = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        labels = (each.native for each in (self.here, self.stack, self.classes))
        for part in (*labels, self.plot, self.table):
            layout.addWidget(part)

    def show_scores(self, session: CompareSession) -> None:
        """Show what is known at the present settings."""
        known = {} if session.scores is None else session.scores.scores(session.config)
        sweep = None if session.scores is None else session.scores.sweep()
        self.here.value = _about_here(session, known)
        self.stack.value = _about_stack(session, known, sweep)
        classes = () if session.scores is None else session.scores.classes(session.config)
        self.classes.value = _about_classes(classes)
        self.classes.visible = bool(classes)
        self.table.show_rows(
            {z: [number(z), *map(figure, asdict(scores).values())] for z, scores in known.items()}
        )
        if session.here is not None:
            self.table.choose(session.here)
        self._show_sweep(sweep, session.config.threshold)

    def _show_sweep(self, sweep: StackScores | None, present: float) -> None:
        if (sweep, present) == self._drawn:
            return
        self._drawn = sweep, present
        self.plot.setVisible(sweep is not None)
        if sweep is not None:
            self.plot.show_drawing(partial(_draw, sweep, present))


def _draw(sweep: StackScores, present: float, axes: Axes) -> None:
    draw_sweep(axes, sweep.sweep, sweep.threshold, present)
    axes.set_ylabel("mean")


def _about_here(session: CompareSession, known: Mapping[int, SliceScores]) -> str:
    here = session.here
    if session.scores is not None and here in session.scores.unlabelled:
        return f"Slice {here} has no truth: nothing is painted there."
    if session.scores is not None and here in session.scores.not_predicted:
        return f"Slice {here} is not predicted: it is not scored."
    if here is None or here not in known:
        return _NOTHING if not known else ""
    return explained(f"Slice {here}: {_in_words(known[here])}")


def _about_stack(
    session: CompareSession, known: Mapping[int, SliceScores], sweep: StackScores | None
) -> str:
    scores = session.scores
    if scores is None or len(known) < 2:
        return ""
    mean = SliceScores.average(list(known.values()))
    said = [f"Mean of {len(known)} of {plural(len(scores.pair.slices), 'slice')}: "]
    said[0] += _in_words(mean)
    if sweep is not None:
        said.append(f"Best threshold {sweep.threshold:g}: V_rand {sweep.v_rand:.4f}.")
    if left_out := scores.not_predicted:
        said.append(f"Not predicted, and not scored: {in_words(left_out)}.")
    return " ".join((*said, *about_empty(scores.doubtful, len(known))))


def _about_classes(classes: Sequence[ClassScores]) -> str:
    said = "; ".join(f"{each.name} {each.iou:.4f} ({each.dice:.4f})" for each in classes)
    return f"IoU (Dice) of the classes over all slices scored so far: {said}." if said else ""


def _in_words(scores: SliceScores) -> str:
    return (
        f"V_rand {scores.v_rand:.4f} (split {scores.v_rand_split:.4f}, merge "
        f"{scores.v_rand_merge:.4f}), V_info {scores.v_info:.4f}, pixels "
        f"{scores.pixel_accuracy:.4f}."
    )
