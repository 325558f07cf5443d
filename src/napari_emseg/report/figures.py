"""Scores and errors as pictures, drawn by matplotlib without its global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.scores.scores import TITLES, SliceScores, ThresholdScores
from napari_emseg.core.scores.segmentation_error import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MERGER,
    SPLIT,
    TRUE_POSITIVE,
)
from napari_emseg.core.scores.slice_comparison import ComparedSlice
from napari_emseg.io.disk.atomic import as_write_error
from napari_emseg.report.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ERROR_COLORS = {
    TRUE_POSITIVE: "#56b4e9",
    FALSE_NEGATIVE: "#d55e00",
    FALSE_POSITIVE: "#f0e442",
    MERGER: "#cc79a7",
    SPLIT: "#009e73",
}
"""Okabe and Ito's colours, which people with any colour vision tell apart."""

ERROR_NAMES = {
    TRUE_POSITIVE: "found",
    FALSE_NEGATIVE: "missed",
    FALSE_POSITIVE: "invented",
    MERGER: "gap that merges cells",
    SPLIT: "false membrane that splits a cell",
}
SWEPT = {"v_rand": "#0072b2", "v_info": "#e69f00", "pixel_accuracy": "#009e73"}
_FOUND_OPACITY, _MARK = 0.25, "#888888"


@dataclass(frozen=True, eq=False)
class Picture:
    """A slice to look at: what it is compared from, each (Y, X), and what came of it."""

    compared: ComparedSlice
    probability: npt.NDArray[Any]
    cells: npt.NDArray[Any]
    image: npt.NDArray[Any] | None = None


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches."""
    # here and not above: half a second that other commands need not pay
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_sweep(axes: Axes, sweep: Sequence[ThresholdScores], best: float, present: float) -> None:
    """Draw scores over the threshold, and mark the best one and the one in use.

    Parameters
    ----------
    axes : matplotlib axes
        Where to, empty.
    sweep : sequence of ThresholdScores
        The mean of every score at each threshold.
    best, present : float
        Thresholds.
    """
    at = [row.threshold for row in sweep]
    for name, color in SWEPT.items():
        means = [getattr(row.mean, name) for row in sweep]
        axes.plot(at, means, ".-", color=color, label=TITLES[name])
    axes.axvline(best, color=_MARK, linestyle="--", label=f"best {best:g}")
    if not np.isclose(best, present):
        axes.axvline(present, color=_MARK, linestyle=":", label=f"present {present:g}")
    low = min(row.mean.v_rand for row in sweep if abs(row.threshold - best) < 0.35)
    axes.set(xlabel="threshold", ylabel="mean over the slices", ylim=(min(low, 0.9) - 0.05, 1.01))
    axes.legend(
        fontsize=8, ncols=3, loc="lower left", bbox_to_anchor=(-0.18, 1), frameon=False,
        handlelength=1.2, columnspacing=0.9, handletextpad=0.4, borderaxespad=0.2,
    )  # fmt: skip
    axes.grid(alpha=0.3)


def draw_slices(axes: Axes, slices: Mapping[int, SliceScores]) -> None:
    """Draw V_rand of every slice, by its number, and its two parts."""
    at = np.arange(len(slices))
    for name, mark, color in (
        ("v_rand", "o-", "#56b4e9"),
        ("v_rand_split", "_", ERROR_COLORS[SPLIT]),
        ("v_rand_merge", "x", ERROR_COLORS[MERGER]),
    ):
        shown = [getattr(scores, name) for scores in slices.values()]
        axes.plot(at, shown, mark, color=color, label=TITLES[name])
    axes.set(xlabel="slice", ylabel="V_rand")
    axes.grid(alpha=0.3)
    step = max(1, len(slices) // 15)
    axes.set_xticks(at[::step], [str(number) for number in slices][::step])
    axes.legend(fontsize=8)


def overview_figure(report: Report) -> Figure:
    """The sweep and the slices of a report."""
    figure = new_figure(11, 4)
    axes = figure.subplots(1, 2)
    sweep, present = report.scores.sweep, report.scores.threshold
    if len(sweep) > 1:
        best = present if report.best_threshold is None else report.best_threshold
        draw_sweep(axes[0], sweep, best, present)
    else:
        axes[0].axis("off")
    draw_slices(axes[1], report.slices)
    if report.scores.not_predicted:
        figure.suptitle(report.scores.coverage, fontsize=10)
    return figure


def picture_figure(picture: Picture) -> Figure:
    """A slice as image, truth, prediction and errors, with the worst errors numbered."""
    shown = picture.compared
    panes: list[tuple[str, npt.NDArray[Any]]] = [
        ("truth", picture.cells > 0),
        ("prediction", picture.probability),
        ("errors", paint(shown.error_map, picture.image)),
    ]
    if picture.image is not None:
        panes.insert(0, ("image", picture.image))
    figure = new_figure(3.7 * len(panes), 4.1)
    figure.suptitle(f"Slice {shown.z}: V_rand {shown.scores.v_rand:.4f}", fontsize=11)
    for axes, (title, pixels) in zip(figure.subplots(1, len(panes)), panes, strict=True):
        axes.imshow(pixels, cmap="gray", interpolation="nearest")
        axes.set_title(title, fontsize=10)
        axes.axis("off")
        if title == "errors":
            _number(axes, shown)
    return figure


def paint(
    error_map: npt.NDArray[np.uint8], image: npt.NDArray[Any] | None
) -> npt.NDArray[np.float32]:
    """An error map (Y, X) in its colours over the image, as RGB (Y, X, 3) in 0..1."""
    ground = np.zeros(error_map.shape) if image is None else _stretched(image)
    painted = np.repeat(ground[..., np.newaxis], 3, axis=2).astype(np.float32)
    for value, color in ERROR_COLORS.items():
        rgb = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)], np.float32) / 255
        opacity = _FOUND_OPACITY if value == TRUE_POSITIVE else 1.0
        at = error_map == value
        painted[at] = (1 - opacity) * painted[at] + opacity * rgb
    return painted


def save_png(figure: Figure, path: Path, about: dict[str, str]) -> None:
    """Write a figure as PNG, with texts in its header; `WriteError` where that fails."""
    with as_write_error(path):
        figure.savefig(path, format="png", metadata=about)


def _stretched(image: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    low, high = np.percentile(image, (0.5, 99.5))
    stretched: npt.NDArray[np.float64] = np.clip((image - low) / max(high - low, 1e-9), 0, 1)
    return stretched


def _number(axes: Axes, shown: ComparedSlice) -> None:
    for number, error in enumerate(shown.errors[:9], start=1):
        y, x = error.position
        axes.annotate(
            str(number), (x, y), xytext=(9, 9), textcoords="offset points", fontsize=8,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.85, "lw": 0},
            arrowprops={"arrowstyle": "-", "color": "white"},
        )  # fmt: skip
