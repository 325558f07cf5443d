"""Draw a merger, a split and thick membranes, with what they score: ``docs/images/scores.jpg``.

python tools/draw_scores.py
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import ORANGE, random_colors, save, show_grey
from scipy import ndimage

import napari_emseg as em

SLICE, PART = 1, np.s_[150:360, 120:400]
GAP, CUT_PX, THICKER_PX = 9, 5, 2
"""Edge of the gap, and widths of the false and of the thick membranes, in px."""


def main() -> None:
    """The truth and three predictions, each cell in a colour."""
    image, truth = em.phantom()
    grey, cells = image.data[SLICE][PART], truth.data[SLICE][PART] > 0
    shown = {
        "Truth": (cells, None),
        "A merger": with_gap(cells),
        "A split": with_false_membrane(cells),
        "Thick membranes": (ndimage.binary_erosion(cells, iterations=THICKER_PX), None),
    }
    figure, axes = plt.subplots(2, 2, figsize=(11, 8.8), layout="constrained")
    for at, (title, (mask, place)) in zip(axes.flat, shown.items(), strict=True):
        show_grey(at, grey, title + ("" if title == "Truth" else f"\n{scores(mask, cells)}"))
        ids, count = ndimage.label(mask)
        at.imshow(random_colors(count)[ids])
        if place is not None:
            at.plot(place[1], place[0], "o", ms=34, mfc="none", mec=ORANGE, mew=2.5)
    save(figure, "scores.jpg")


def scores(mask: np.ndarray, cells: np.ndarray) -> str:
    """V_rand with its two parts, and the pixel accuracy, in a line."""
    found = em.evaluate(mask.astype(np.uint8), cells.astype(np.uint8)).slices[0]
    return (
        f"V_rand {found.v_rand:.3f} (merge {found.v_rand_merge:.3f}, split "
        f"{found.v_rand_split:.3f}), pixels {found.pixel_accuracy:.3f}"
    )


def with_gap(cells: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """A gap between the two neighbours that are large both, and where it is."""
    ids, count = ndimage.label(cells)
    sizes = np.bincount(ids.ravel(), minlength=count + 1)
    best, where = 0, (0, 0)
    for y, x in np.argwhere(~cells)[::3]:
        around = np.unique(box(ids, y, x))
        near = sorted(sizes[each] for each in around if each)
        if len(near) == 2 and near[0] > best:
            best, where = near[0], (y, x)
    mask = cells.copy()
    box(mask, *where)[...] = True
    return mask, where


def box(pixels: np.ndarray, y: int, x: int) -> np.ndarray:
    """The pixels of a gap around a place."""
    side = GAP // 2
    return pixels[max(0, y - side) : y + side + 1, max(0, x - side) : x + side + 1]


def with_false_membrane(cells: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """A membrane straight through the middle of the largest cell, and where that is."""
    ids, _ = ndimage.label(cells)
    largest = ids == np.bincount(ids.ravel())[1:].argmax() + 1
    rows, columns = np.nonzero(largest)
    x = int(np.median(columns))
    mask = cells.copy()
    mask[:, x : x + CUT_PX] &= ~largest[:, x : x + CUT_PX]
    return mask, (int(np.median(rows[columns == x])), x + CUT_PX // 2)


if __name__ == "__main__":
    main()
