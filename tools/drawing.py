"""What the programs that draw pictures for the documentation have in common."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from skimage.segmentation import find_boundaries

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BLUE, ORANGE, GREEN, PINK, GREY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a8a8a"
"""Of Okabe and Ito, which all tell apart."""
_DPI, _QUALITY = 100, 88

mpl.use("agg")


def save(figure: Figure, name: str) -> None:
    """Write a figure into the documentation: lines as PNG, what has grey values as JPEG."""
    path = IMAGES / name
    how = {"quality": _QUALITY} if path.suffix == ".jpg" else {"optimize": True}
    figure.savefig(path, dpi=_DPI, facecolor="white", pil_kwargs=how)
    plt.close(figure)
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


def show_grey(at: Axes, slice_: np.ndarray, title: str = "") -> None:
    """Show grey values (Y, X) without axes."""
    at.imshow(slice_, cmap="gray", vmin=0, vmax=255)
    at.set_title(title, fontsize=11)
    at.set_axis_off()


def random_colors(count: int, *, alpha: float = 0.45) -> np.ndarray:
    """A colour (R, G, B, A) for each id up to ``count``; none for 0."""
    colors = np.random.default_rng(4).uniform(0.2, 1, (count + 1, 4))
    colors[:, 3] = alpha
    colors[0] = 0
    return colors


def outline(
    at: Axes, ids: np.ndarray, color: tuple[float, float, float, float], *, dotted: bool = False
) -> None:
    """Draw the borders of ids (Y, X)."""
    border = find_boundaries(ids, mode="inner")
    if dotted:
        border &= (np.indices(border.shape).sum(axis=0) % 4) < 2
    over = np.zeros((*border.shape, 4))
    over[border] = color
    at.imshow(over)
