"""What the quick preview of *Retrain* shows, beside what the model said before.

Its network takes on the statistics of the slices that a person has corrected, and learns nothing.
The first two slices of each stack are those; the others nobody touched. V_rand of both, at the best
threshold and at the model's own, and the seconds until the first slice is there.

    python benchmarks/bench_preview.py [MODEL ...] [--share S ...]

By default ``isbi2012``, which has seen one tissue, on four; and ``default`` on ISBI slices that are
blurred or noisy. With a MODEL on all four tissues. ``--share`` tries other parts of the new
statistics in the mixture, of which 0 is the model as it is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
from bench_robustness import blur, noise
from sources import TISSUES, Tissue

import napari_emseg as em
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.engine.train.labelled_stack import LabelledStack
from napari_emseg.engine.train.sources import network_voxel_size, source_of
from napari_emseg.model.hardware.backend import load_backend

ISBI, VNC, EPFL, SNEMI3D = TISSUES
SLICES = {
    ISBI: (24, 25, 26),
    VNC: (2, 6, 9),
    EPFL: (10, 25, 40, 52),
    SNEMI3D: (82, 86, 90, 94),
}
"""Of each tissue; the first two are corrected."""

CORRECTED = 2
ALTERED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda grey: grey,
    "blur, 2 px": blur(2.0),
    "noise, 1.5 standard deviations": noise(1.5),
}

Case = tuple[str, str, str]
"""A model, a tissue, and how that is altered."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--share", type=float, nargs="+", default=[])
    asked = parser.parse_args()
    load_backend()
    from napari_emseg.model.predict.quick_preview import SHARE

    print(f"{'V_rand, best / at its own':66}corrected      others         first after")
    for model, tissue, altered in cases(asked.models):
        if not TISSUES[tissue].is_there:
            continue
        for share in (0.0, *(asked.share or [SHARE])):
            row = judged(em.load_model(model), TISSUES[tissue], SLICES[tissue], altered, share)
            print(
                f"{model[-12:]:13}{tissue.split(',')[0]:12}{altered:32}{share:<9g}{row}", flush=True
            )


def cases(models: list[str]) -> Iterator[Case]:
    for model in models or ["isbi2012"]:
        yield from ((model, tissue, "as it is") for tissue in TISSUES)
    if not models:
        yield from (("default", ISBI, altered) for altered in ALTERED)


def judged(
    model: em.ModelPackage, tissue: Tissue, slices: tuple[int, ...], altered: str, share: float
) -> str:
    """Scores of the slices that are corrected and of the others, and how long the first took."""
    from napari_emseg.model.predict.quick_preview import quick_previews

    images, truth = tissue.read(slices)
    if altered != "as it is":
        images = images.with_data(ALTERED[altered](np.asarray(images.data, np.float32) / 255))
    recipe, stack = Recipe(model.info.network), LabelledStack(images, truth)
    pixels = network_voxel_size([images], recipe, start_from=model)
    source = source_of(stack, recipe, pixels, lambda _: None)
    begun, first, came = time.perf_counter(), 0.0, {}
    for z, probability in quick_previews(model, source, 0, share=share, longest_s=np.inf):
        first = first or time.perf_counter() - begun
        came[z] = probability
    groups = (range(CORRECTED), range(CORRECTED, len(slices)))
    return "  ".join(
        [*(scored(came, truth, zs, model.info.threshold) for zs in groups), f"{first:.1f} s"]
    )


def scored(came: dict[int, np.ndarray], truth: em.Stack, slices: range, threshold: float) -> str:
    probability = em.Stack(np.stack([came[z] for z in slices]))
    best, own = (
        em.evaluate(probability, truth.take([*slices]), **at).v_rand
        for at in ({}, {"threshold": threshold})
    )
    return f"{best:.3f} / {own:.3f}"


if __name__ == "__main__":
    main()
