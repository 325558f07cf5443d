"""What a model scores on held-out ISBI slices that look as if another microscope had made them.

Slices 24 to 26 are altered in one way at a time: grey values bent by a power law, blur, noise,
another scale, reversed polarity, uneven illumination. V_rand and V_info at the best threshold stand
beside those of the plain slices. Brightness and contrast as such change nothing, since slices are
normalised.

    python benchmarks/bench_robustness.py [MODEL FOLDER]

The model is by default the one that ``bench_recipes.py default`` trained without these slices.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from isbi import REPO, isbi_slices
from scipy import ndimage

import napari_emseg as em

MODEL = REPO / "runs" / "recipes" / "default-24-26" / "package"
SLICES = [24, 25, 26]

Alter = Callable[[np.ndarray], np.ndarray]
"""Grey values (Z, Y, X) float32 in 0..1 to other ones of the same kind."""


def blur(sigma_px: float) -> Alter:
    return lambda grey: ndimage.gaussian_filter(grey, (0, sigma_px, sigma_px))


def noise(sigma: float) -> Alter:
    rng = np.random.default_rng(0)
    return lambda grey: grey + rng.normal(0, sigma * grey.std(), grey.shape)


def zoom(factor: float, order: int = 1) -> Alter:
    return lambda grey: ndimage.zoom(grey, (1, factor, factor), order=order)


def illuminate(grey: np.ndarray) -> np.ndarray:
    """Twice as bright at the right as at the left."""
    return grey * np.linspace(0.5, 1, grey.shape[2])


ALTERED: dict[str, Alter] = {
    "plain": lambda grey: grey,
    "power law 0.5": lambda grey: grey**0.5,
    "power law 2": lambda grey: grey**2,
    "blur, 1.5 px": blur(1.5),
    "noise, 0.5 standard deviations": noise(0.5),
    "uneven illumination": illuminate,
    "reversed polarity": lambda grey: 1 - grey,
}
SCALES = {f"{nm} nm per pixel": 4 / nm for nm in (3, 5, 6)}
"""Enlarged or made smaller, image and truth alike."""


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL
    if not folder.exists():
        sys.exit(f"need a model in {folder}")
    model = em.load_model(folder)
    grey, truth = isbi_slices(SLICES)
    print(f"{'slices 24 to 26':32} V_rand  V_info")
    scaled = {name: zoom(factor) for name, factor in SCALES.items()}
    for name, alter in {**ALTERED, **scaled}.items():
        altered = np.asarray(alter(grey), np.float32)
        probability = em.segment(altered, model=model, output="probability")
        wanted = zoom(SCALES[name], order=0)(truth) if name in SCALES else truth
        scores = em.evaluate(probability, wanted)
        print(f"{name:32} {scores.v_rand:.4f}  {scores.v_info:.4f}", flush=True)


if __name__ == "__main__":
    main()
