"""Draw how pixels are weighed in a training, on the phantom: ``docs/images/weight_map.jpg``.

python tools/draw_weight_map.py
"""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from drawing import save, show_grey

import napari_emseg as em
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.targets import make_target

SLICE, PART = 1, np.s_[150:360, 120:400]


def main() -> None:
    """Grey values, labels, the border term alone, and the sum of both terms."""
    image, truth = em.phantom()
    config = TrainConfig()
    whole, without = (
        make_target(truth.data, "mask", each, slices=[SLICE])[SLICE]
        for each in (config, replace(config, border_weight=0.0))
    )
    figure, axes = plt.subplots(2, 2, figsize=(11, 8.4), layout="constrained")
    show_grey(axes[0, 0], image.data[SLICE][PART], "Grey values")
    show_grey(axes[0, 1], 255 * (whole.classes[PART] > 0), "Labels: cell is white")
    for at, weights, title in (
        (axes[1, 0], whole.weights - without.weights, "Border term: large between close cells"),
        (axes[1, 1], whole.weights, "Weight: the border term and the balance of the classes"),
    ):
        shown = at.imshow(weights[PART], cmap="magma", vmin=0, vmax=config.border_weight)
        at.set_title(title, fontsize=11)
        at.set_axis_off()
    figure.colorbar(shown, ax=axes[1], shrink=0.9, label="weight of a pixel")
    save(figure, "weight_map.jpg")


if __name__ == "__main__":
    main()
