"""Draw the network that ships, as its settings have it, into ``docs/images/unet.png``.

python tools/draw_unet.py
"""

from __future__ import annotations

import matplotlib.pyplot as plt
from drawing import BLUE, GREEN, GREY, ORANGE, save
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from napari_emseg.core.config.network import NetworkConfig

EDGE, STEP, DROP = 512, 1.0, 1.3
"""Pixels along an edge of the slice, and how far levels are apart in the picture."""


def main() -> None:
    """Two blocks a level, joined; the deepest has one."""
    config = NetworkConfig()
    figure, at = plt.subplots(figsize=(11, 6.4), layout="constrained")
    last = 2 * config.depth
    for level in range(config.depth + 1):
        y, filters, size = -DROP * level, config.base_filters * 2**level, EDGE // 2**level
        _block(at, level * STEP, y, size, f"{filters}")
        at.text(-1.35, y, f"{size} x {size}", ha="right", va="center", fontsize=10, color=GREY)
        if level < config.depth:
            _block(at, (last - level) * STEP, y, size, f"{filters}")
            _arrow(at, (level + 0.22, y), (last - level - 0.22, y), GREY, "what was seen here")
            _arrow(at, (level, y - 0.5), (level + 0.88, y - DROP + 0.42), BLUE)
            _arrow(at, (last - level - 0.88, y - DROP + 0.42), (last - level, y - 0.5), GREEN)
    _arrow(at, (-1.1, 0), (-0.25, 0), ORANGE, "grey values")
    _arrow(at, (last + 0.25, 0), (last + 1.1, 0), ORANGE, "probability")
    for k, (color, what) in enumerate(
        (
            (BLUE, "every second pixel"),
            (GREEN, "twice as large"),
            (GREY, "joined as further channels"),
        )
    ):
        at.text(last * 0.78, -DROP * config.depth + 0.5 - 0.32 * k, f"→ {what}", color=color)
    at.text(
        -1.2, -DROP * config.depth - 0.55,
        "Each box: two 3 x 3 convolutions,\nwith as many channels as it says",
        fontsize=10, va="center",
    )  # fmt: skip
    at.set_xlim(-2.3, last + 1.4)
    at.set_ylim(-DROP * config.depth - 0.8, 0.8)
    at.set_axis_off()
    save(figure, "unet.png")


def _block(at: Axes, x: float, y: float, size: int, text: str) -> None:
    height = 0.9 * (size / EDGE) ** 0.35
    at.add_patch(Rectangle((x - 0.17, y - height / 2), 0.34, height, fc="#dbe9f4", ec=BLUE))
    at.text(x, y, text, ha="center", va="center", fontsize=11)


def _arrow(
    at: Axes, begin: tuple[float, float], end: tuple[float, float], color: str, text: str = ""
) -> None:
    at.annotate("", end, begin, arrowprops={"arrowstyle": "->", "color": color, "lw": 1.6})
    middle = (begin[0] + end[0]) / 2, begin[1] + 0.1
    at.text(*middle, text, ha="center", va="bottom", fontsize=9, color=color)


if __name__ == "__main__":
    main()
