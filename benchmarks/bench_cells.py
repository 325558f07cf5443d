"""How long mask and linked cells take: what the threshold slider waits for.

The probability is synthetic, with about as many cells as the ISBI slices have, which wander from
slice to slice; the membranes have gaps, so that cells are split at their necks. What is counted is
processor time, summed over all threads. Run it with ``make bench`` or ``python
benchmarks/bench_cells.py``.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from bench_targets import EDGE_PX, tissue
from scipy import ndimage

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.postprocess import CellLinker, to_cells, to_mask

SLICES = 30
DRIFT_PX = 3
LIMIT_S = 0.1


def probability_of(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blurred cells (Y, X) with noise: probabilities of every value, and gaps in membranes."""
    noise = ndimage.gaussian_filter(rng.normal(size=cells.shape), 3)
    blurred = ndimage.gaussian_filter((cells > 0).astype(np.float32), 1.5)
    return np.clip(blurred + 0.15 * noise / noise.std(), 0, 1).astype(np.float32)


def main() -> None:
    rng = np.random.default_rng(0)
    cells = tissue(rng)
    stack = np.stack(
        [probability_of(np.roll(cells, DRIFT_PX * z, axis=(0, 1)), rng) for z in range(SLICES)]
    )
    config, linker, times = MaskConfig(), CellLinker(MaskConfig()), []
    for z, each in enumerate(stack):
        begun = time.process_time()
        to_mask(each, config)
        linker.cells(z, each)
        times.append(time.process_time() - begun)
    print(f"{SLICES} slices of {EDGE_PX} x {EDGE_PX} px; limit {LIMIT_S:.1f} s for a slice")
    print(f"  a slice    median {statistics.median(times):6.3f} s  worst {max(times):6.3f} s")
    begun = time.process_time()
    found = int(to_cells(stack, config).max())
    print(f"  the stack  {time.process_time() - begun:6.2f} s, {found} cells")


if __name__ == "__main__":
    main()
