"""V_rand of held-out ISBI slices at other pixel sizes than the model's, beside that at its own.

Slices 24 to 26, of 4 nm, are resampled to 3, 6, 8 and 12 nm: images by area where pixels become
larger and else by cubic interpolation, the truth by nearest neighbours. Each is segmented with its
size recorded, and scored at its own pixels. So that the truth is not another one at each size, the
probability is also brought back to 4 nm and scored there, which is what the limits are for: so much
V_rand may be lost.

    python benchmarks/bench_pixel_size.py [MODEL FOLDER]

The model is by default ``isbi2012``, which has not seen these slices.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
from isbi import isbi_slices

import napari_emseg as em

SLICES = [24, 25, 26]
MODEL_NM = 4.0
LIMITS = {3.0: 0.02, 6.0: 0.02, 8.0: 0.03, 12.0: 0.06}
"""V_rand that may be lost, by the size of pixels in nm."""


def resampled(stack: np.ndarray, shape: tuple[int, int], how: int) -> np.ndarray:
    """Slices (Z, Y, X) with so many rows and columns."""
    return np.stack([cv2.resize(each, shape[::-1], interpolation=how) for each in stack])


def image_at(grey: np.ndarray, nm: float) -> np.ndarray:
    how = cv2.INTER_AREA if nm > MODEL_NM else cv2.INTER_CUBIC
    return resampled(grey, shape_at(grey, nm), how)


def shape_at(stack: np.ndarray, nm: float) -> tuple[int, int]:
    _, rows, columns = stack.shape
    return round(rows * MODEL_NM / nm), round(columns * MODEL_NM / nm)


def probability(model: em.ModelPackage, grey: np.ndarray, nm: float) -> np.ndarray:
    found = em.segment(
        grey, model=model, output="probability", voxel_size_nm=(50, nm, nm), membranes="dark"
    )
    return np.asarray(found.data)


def main() -> None:
    model = em.load_model(sys.argv[1] if len(sys.argv) > 1 else "isbi2012")
    grey, truth = isbi_slices(SLICES)
    mask = (truth > 0).astype(np.uint8)
    own = em.evaluate(probability(model, grey, MODEL_NM), mask).v_rand
    print("slices 24 to 26   at its pixels   back at 4 nm    lost   limit")
    print(f"{MODEL_NM:11g} nm {own:17.4f} {own:14.4f}")
    lost = {}
    for nm, limit in LIMITS.items():
        found = probability(model, image_at(grey, nm), nm)
        there = resampled(mask, shape_at(mask, nm), cv2.INTER_NEAREST_EXACT)
        back = np.clip(resampled(found, mask.shape[1:], cv2.INTER_CUBIC), 0, 1)
        here = em.evaluate(found, there).v_rand
        lost[nm] = own - em.evaluate(back, mask).v_rand
        print(f"{nm:11g} nm {here:17.4f} {own - lost[nm]:14.4f} {lost[nm]:7.4f} {limit:7.2f}")
    beyond = [f"{nm:g} nm" for nm, limit in LIMITS.items() if lost[nm] > limit]
    if beyond:
        sys.exit(f"more than the limit is lost at {', '.join(beyond)}")


if __name__ == "__main__":
    main()
