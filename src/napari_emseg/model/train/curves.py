"""The history of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_emseg.model.train.history import Row, best_epoch, is_validated, source_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = (("loss", "Loss"), ("accuracy", "Pixel accuracy"), ("v_rand", "V_rand"))
"""Columns of the history that are drawn, and what they are called."""

_TRAINING, _VALIDATION, _BEST = "#1f77b4", "#d95f02", "#666666"
_OF_SOURCES = ("#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d")
_BOLD, _THIN = 2.6, 0.9
"""Widths in pt of the mean over several sources, and of each of them."""

_SCORE_FLOOR = 5.0
"""Percentile of the scores at which their axis begins: the first epochs would squeeze the rest."""


def draw_curves(history: Sequence[Row], path: Path) -> None:
    """Draw loss, accuracy and V_rand of training and validation over the epochs, as PNG.

    Drawn through matplotlib's objects alone, without its global state (pyplot, rcParams): the
    caller's own plots and backend stay as they are.

    Parameters
    ----------
    history : sequence of dict
        Rows of the history, one or more validated; the best of them is marked.
    path : Path
        Where the picture goes.
    """
    # here and not above: half a second that predictions need not pay
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.2), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for axes, (column, title) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        draw_panel(axes, history, column, title)
        axes.legend()
    canvas.print_png(path)


def draw_panel(
    axes: Axes, history: Sequence[Row], column: str, title: str, *, log: bool = False
) -> None:
    """Draw one column of the history, of training and validation, and mark the best epoch.

    Where there were several sources, validation is their mean, drawn boldly, beside which stands
    each of them.

    Parameters
    ----------
    axes : matplotlib axes
        Where to, empty.
    history : sequence of dict
        Rows of the history.
    column, title : str
        Which column, and what it is called; see `PANELS`.
    log : bool
        With a logarithmic axis.
    """
    several = len(source_names(history)) > 1
    values = [
        _draw_line(axes, history, column, "training", _TRAINING),
        _draw_line(
            axes, history, f"val_{column}", "validation, mean" if several else "validation",
            _VALIDATION,
        ),
    ]  # fmt: skip
    if several:
        axes.lines[-1].set(linewidth=_BOLD, zorder=3)
    values += _draw_sources(axes, history, f"val_{column}")
    _mark_best(axes, history, column)
    if column != "loss" and (scores := np.concatenate(values)).size:
        low = float(np.percentile(scores, _SCORE_FLOOR))
        axes.set_ylim(low - 0.05 * (1 - low) - 1e-3, 1 + 0.02 * (1 - low) + 1e-3)
    axes.set(title=title, xlabel="epoch", ylabel=title, yscale="log" if log else "linear")
    _count_epochs(axes)
    axes.grid(alpha=0.3)


def _draw_sources(
    axes: Axes, history: Sequence[Row], column: str
) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Draw a column of each of several sources, thinly; gives its values."""
    values = []
    for k, name in enumerate(source_names(history)):
        if f"{column} {name}" in history[0]:
            colour = _OF_SOURCES[k % len(_OF_SOURCES)]
            values.append(_draw_line(axes, history, f"{column} {name}", name, colour))
            mark = "." if len(values[-1]) == 1 else ""  # a line of one point is not seen
            axes.lines[-1].set(linewidth=_THIN, alpha=0.8, marker=mark)
    return values


def _mark_best(axes: Axes, history: Sequence[Row], column: str) -> None:
    if not any(is_validated(row) for row in history):
        return
    best = best_epoch(history)
    label = f"best epoch {best['epoch']:.0f}: {best[f'val_{column}']:.4f}"
    axes.axvline(best["epoch"], color=_BEST, linestyle="--", linewidth=1, label=label)


def _draw_line(
    axes: Axes, history: Sequence[Row], name: str, label: str, colour: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Draw one column where it was measured; gives its values."""
    points = np.array([(row["epoch"], row[name]) for row in history if np.isfinite(row[name])])
    epochs, values = points.reshape(-1, 2).T
    # few points need marks: a line of one would not be seen
    axes.plot(epochs, values, ".-" if len(points) < 40 else "-", color=colour, label=label)
    return values


def draw_runs(
    axes: Axes, runs: Sequence[tuple[str, Sequence[Row], str]], column: str, title: str
) -> None:
    """Draw one column of several histories over one another, and mark their best epochs.

    Which colour is which is for the caller to say; a legend of long names would hide the curves.

    Parameters
    ----------
    axes : matplotlib axes
        Where to, empty.
    runs : sequence of (str, rows, str)
        Name, history and colour of each.
    column, title : str
        Which column, and what it is called; see `PANELS`.
    """
    for name, history, colour in runs:
        _draw_line(axes, history, f"val_{column}", name, colour)
        _draw_line(axes, history, column, "_training", colour)
        axes.lines[-1].set(linewidth=0.8, alpha=0.6, marker="")
        if any(map(is_validated, history)):
            best = best_epoch(history)
            axes.plot(best["epoch"], best[f"val_{column}"], "o", color=colour, markersize=7)
    axes.set(xlabel="epoch", ylabel=title)
    _count_epochs(axes)
    axes.grid(alpha=0.3)


def _count_epochs(axes: Axes) -> None:
    """Mark whole epochs alone, also where there is but one."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
