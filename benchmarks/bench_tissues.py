"""What models score on slices of four tissues: at the best threshold, and by one click.

One click is the model's own threshold. By default on slices that neither taught nor chose the model
that ships. Where nobody labelled a cell (0 in SNEMI3D) nothing counts. Then int8 against single
precision.

    python benchmarks/bench_tissues.py [MODEL ...] [--spread N [--note]]

With ``--spread N`` on N slices of every stack, taught or not: enough to tell what int8 costs,
which training has no part in, from luck; not what a model is worth. ``--note`` writes what int8
costs where it costs most into the package, in place of what the few validation slices said.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from sources import TISSUES, Tissue

import napari_emseg as em
from napari_emseg.core.scores.scores import AROUND
from napari_emseg.model.runtimes.int8 import note_int8


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=["default"])
    parser.add_argument("--spread", type=int, default=0)
    parser.add_argument("--note", action="store_true")
    given = parser.parse_args()
    for name in given.models:
        model = em.load_model(name)
        print(f"\n{name}, threshold {model.info.threshold:g}")
        print(f"{'V_rand / V_info':40}{'best':17}{'one click':17}at     int8 costs")
        costs = []
        for tissue, source in TISSUES.items():
            if source.is_there:
                row, cost = judged(model, source, given.spread)
                print(f"{tissue:40} {row}", flush=True)
                costs.append(cost)
        if given.note:
            note_int8(model.folder, max(costs))
        for tissue, source in TISSUES.items():
            if len(model.info.class_names) > 2 and source.classes and source.is_there:
                print(f"{tissue:40} IoU: {overlaps(model, source)}", flush=True)


def judged(model: em.ModelPackage, tissue: Tissue, spread: int) -> tuple[str, float]:
    """A row of the table, and what int8 costs."""
    slices = tissue.spread(spread) if spread else tissue.slices
    stack, truth = tissue.read(slices)
    exact = em.segment(stack, model=model, output="probability", exact=True)
    fast = em.segment(stack, model=model, output="probability", int8=True)
    at = model.info.threshold
    best, click = best_and_click(exact, truth, at)
    columns = [f"{s.v_rand:.4f} / {s.v_info:.4f}" for s in (best, click)]
    lost = around(exact, truth, at) - around(fast, truth, at)
    return f"{'  '.join(columns)}  {best.threshold:g}    {lost:+.4f}", lost


def judged_exactly(
    model: em.ModelPackage, tissue: Tissue, slices: Sequence[int]
) -> tuple[em.StackScores, em.StackScores]:
    """Scores of slices at the best threshold and at the model's own, in single precision."""
    stack, truth = tissue.read(slices)
    exact = em.segment(stack, model=model, output="probability", exact=True)
    return best_and_click(exact, truth, model.info.threshold)


def best_and_click(
    probability: em.Stack, truth: em.Stack, at: float
) -> tuple[em.StackScores, em.StackScores]:
    """Scores at the best threshold, and at a given one."""
    return em.evaluate(probability, truth), em.evaluate(probability, truth, threshold=at)


def overlaps(model: em.ModelPackage, tissue: Tissue) -> str:
    """Intersection over union of each class, over all pixels of the slices."""
    stack, truth = tissue.read(tissue.slices, tissue.classes)
    found, wanted = em.segment(stack, model=model, output="classes").data, truth.data
    known = wanted > 0
    ious = {
        name: (known & (found == k) & (wanted == k)).sum()
        / (known & ((found == k) | (wanted == k))).sum()
        for k, name in enumerate(model.info.class_names, 1)
    }
    return ", ".join(f"{name} {iou:.3f}" for name, iou in ious.items())


def around(probability: em.Stack, truth: em.Stack, at: float) -> float:
    """V_rand around a threshold."""
    each = (em.evaluate(probability, truth, threshold=at + step) for step in AROUND)
    return float(np.mean([scores.v_rand for scores in each]))


if __name__ == "__main__":
    main()
