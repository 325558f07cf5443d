"""Draw what the window and the worker process say to one another: ``docs/images/worker.png``.

python tools/draw_worker.py
"""

from __future__ import annotations

import matplotlib.pyplot as plt
from drawing import BLUE, GREEN, GREY, ORANGE, save
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from napari_emseg.engine.segment.jobs import PredictJob
from napari_emseg.types import Failed, Finished, Progress, SliceDone

LEFT, RIGHT, MIDDLE = 2.0, 10.0, 6.0
ROUND = "round,pad=0.1"


def main() -> None:
    """Two boxes, the files between them, and what goes to and fro, from top to bottom."""
    figure, at = plt.subplots(figsize=(11, 6.2), layout="constrained")
    _box(at, LEFT, "Window's process", "napari, docks, your labels", BLUE)
    _box(at, RIGHT, "Worker process", "network: OpenVINO or Keras", ORANGE)
    at.add_patch(FancyBboxPatch((MIDDLE - 1.4, -4.5), 2.8, 0.8, ROUND, fc="#e7f3ec", ec=GREEN))
    at.text(
        MIDDLE, -4.1, "files that both see\nslices in, probability out", ha="center", va="center"
    )
    _message(at, 0.0, LEFT, RIGHT, f"{PredictJob.__name__}: paths, slices, model")
    for k, name in enumerate((Progress, SliceDone, SliceDone, Finished)):
        words = name.__name__ + (f"({k - 1})" if name is SliceDone else "")
        _message(at, -0.75 - 0.55 * k, RIGHT, LEFT, words)
    _message(at, -4.1, RIGHT, MIDDLE + 1.6, "writes")
    _message(at, -4.1, MIDDLE - 1.6, LEFT, "layer shows")
    at.text(
        MIDDLE, -5.5,
        f"The worker crashes: the window hears of it ({Failed.__name__}), your labels are there.   "
        "The window is gone: the worker ends.",
        ha="center", color=GREY,
    )  # fmt: skip
    at.set_xlim(0, 12)
    at.set_ylim(-5.8, 1.6)
    at.set_axis_off()
    save(figure, "worker.png")


def _box(at: Axes, x: float, title: str, text: str, color: str) -> None:
    at.add_patch(FancyBboxPatch((x - 1.5, 0.55), 3.0, 0.8, ROUND, fc="white", ec=color, lw=2))
    at.text(x, 1.12, title, ha="center", va="center", fontsize=12, weight="bold")
    at.text(x, 0.75, text, ha="center", va="center", fontsize=10)
    at.plot((x, x), (0.4, -4.9), color=color, lw=1, ls=":")


def _message(at: Axes, y: float, begin: float, end: float, text: str) -> None:
    color = BLUE if end > begin else ORANGE
    at.annotate(
        "", (end, y), (begin, y), arrowprops={"arrowstyle": "->", "color": color, "lw": 1.8}
    )
    at.text((begin + end) / 2, y + 0.06, text, ha="center", va="bottom", fontsize=10)


if __name__ == "__main__":
    main()
