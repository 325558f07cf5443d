"""How long comparing takes: one slice with all scores, and 30 slices with the sweep and all errors.

The slices are ISBI's, 512 x 512 (``EMSEG_ISBI_DIR``, else ``../shared/data/isbi2012``), where they
are at hand, and a made-up tissue of the same size elsewhere; the prediction is the truth, softened
and disturbed, so that there are gaps and false membranes. Wall time and processor time are told
apart, since other programs may share the machine. Run it with ``make bench`` or ``python
benchmarks/bench_compare.py``.
"""

from __future__ import annotations

import os
import statistics
import time

import numpy as np
from isbi import LABELS
from scipy.ndimage import gaussian_filter

import napari_emseg as em
from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.comparison import compare_slices
from napari_emseg.core.scores.metrics import ISBI_THRESHOLDS
from napari_emseg.core.scores.truth import TrueSlice

SLICES, SIZE, RUNS = 30, 512, 9
SLICE_LIMIT_S, STACK_LIMIT_S = 0.3, 10.0


def truth() -> tuple[str, np.ndarray]:
    if LABELS.exists():
        return "ISBI 2012", np.asarray(em.read_stack(LABELS, kind="labels").data)
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(SLICES, SIZE, SIZE)), (1, 8, 8))
    return "made-up tissue", (np.abs(noise / noise.std()) > 0.25).astype(np.uint8)


def disturbed(cells: np.ndarray) -> np.ndarray:
    """A probability of cell with gaps in membranes and membranes in cells."""
    noise = np.random.default_rng(1).normal(size=cells.shape)
    soft = gaussian_filter((cells > 0).astype(np.float32), (0, 1.5, 1.5))
    found = np.clip(soft + 1.5 * gaussian_filter(noise, (0, 4, 4)), 0, 1)
    return found.astype(np.float32)


def measured(work) -> tuple[float, float]:
    """Seconds of the clock, and of the processors."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def report(name: str, wall: float, cpu: float, limit: float) -> None:
    verdict = "within" if wall <= limit else "OVER"
    print(f"{name:42} {wall:7.3f} s, {cpu:7.3f} s of processor; {verdict} {limit:g} s")


def main() -> None:
    where, cells = truth()
    probability = disturbed(cells)
    config = CompareConfig()

    def compare(slices, thresholds, workers):
        def read(z):  # ISBI's stack has fewer slices than are measured: some come twice
            return probability[z % len(cells)], TrueSlice.read(cells[z % len(cells)])

        return list(
            compare_slices(
                read, slices, "probability", config, thresholds=thresholds, workers=workers
            )
        )

    print(f"{where}, {len(cells)} slices of {cells.shape[1]} x {cells.shape[2]}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    times = [measured(lambda z=z: compare([z], (), 1)) for z in range(RUNS)]
    wall, cpu = map(statistics.median, zip(*times, strict=True))
    report("one slice: scores, errors, map (median)", wall, cpu, SLICE_LIMIT_S)
    wall, cpu = measured(lambda: compare(range(SLICES), ISBI_THRESHOLDS, 2))
    report(f"{SLICES} slices: and 11 thresholds, 2 threads", wall, cpu, STACK_LIMIT_S)


if __name__ == "__main__":
    main()
