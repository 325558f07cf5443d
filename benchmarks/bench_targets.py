"""How long weight maps take: labels of the ISBI training set's size, on one core.

The labels are synthetic, with about as many cells as the ISBI slices have. What is counted is
processor time, summed over all threads. Run it with ``make bench`` or ``python
benchmarks/bench_targets.py``.
"""

from __future__ import annotations

import time

import numpy as np
from scipy import ndimage

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.targets import make_target

SLICES, EDGE_PX, CELLS = 27, 512, 120
LIMIT_S = 15.0


def tissue(rng: np.random.Generator) -> np.ndarray:
    """Cells (Y, X) of random size, each with its own id; 0 on the membranes between them."""
    ids = np.zeros((EDGE_PX, EDGE_PX), np.int32)
    ids.flat[rng.choice(ids.size, CELLS, replace=False)] = np.arange(1, CELLS + 1)
    y, x = ndimage.distance_transform_edt(ids == 0, return_distances=False, return_indices=True)
    nearest = ids[y, x]
    alike = ndimage.minimum_filter(nearest, 5) == ndimage.maximum_filter(nearest, 5)
    return np.where(alike, nearest, 0)


def main() -> None:
    rng = np.random.default_rng(0)
    labels = np.stack([tissue(rng) for _ in range(SLICES)])
    print(f"{SLICES} slices of {EDGE_PX} x {EDGE_PX} px with {CELLS} cells; limit {LIMIT_S:.0f} s")
    for meaning in ("mask", "instances"):
        begun = time.process_time()
        make_target(labels, meaning, TrainConfig())
        print(f"  {meaning:10s} {time.process_time() - begun:6.2f} s of processor time")


if __name__ == "__main__":
    main()
