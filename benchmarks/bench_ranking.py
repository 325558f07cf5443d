"""Whether the places to correct are ranked by what correcting them wins.

The shipped model predicts ISBI slices 24 to 26, which it has not seen: plain, with noise and with
uneven illumination. Each square of 64 px is corrected by the truth in turn, and the rise of the
slice's V_rand is what the rank should tell. Printed for the rank of the program and for
uncertainty alone: Spearman's correlation with that rise, and which part of all that could be won
lies in the first 5, 10 and 25 % of the squares.

    python benchmarks/bench_ranking.py
"""

from __future__ import annotations

import numpy as np
from bench_robustness import SLICES, Alter, illuminate, noise
from isbi import isbi_slices
from scipy.stats import spearmanr

import napari_emseg as em
from napari_emseg.core.correct.ranking import rank_regions
from napari_emseg.core.correct.review_regions import SQUARE_PX, ReviewRegion
from napari_emseg.core.scores.metrics import score_slice

ALTERED: dict[str, Alter] = {
    "plain": lambda grey: grey,
    "noise, 0.7": noise(0.7),
    "uneven illumination": illuminate,
}
PARTS = (0.05, 0.1, 0.25)


def squares(shape: tuple[int, int]) -> list[tuple[slice, slice]]:
    return [
        ReviewRegion(y, x, 0).square
        for y in range(0, shape[0], SQUARE_PX)
        for x in range(0, shape[1], SQUARE_PX)
    ]


def look(probability: np.ndarray, truth: np.ndarray, threshold: float) -> np.ndarray:
    """What correcting each square wins, its rank value and its uncertainty: (squares, 3)."""
    before = score_slice(probability, truth, threshold).v_rand
    risk = {str(place.square): place.risk for place in rank_regions(probability, threshold)}
    rows = []
    for square in squares(truth.shape):
        corrected = probability.copy()
        corrected[square] = truth[square] > 0
        won = score_slice(corrected, truth, threshold).v_rand - before
        uncertain = np.clip(1 - np.abs(probability[square] - threshold) / 0.3, 0, 1).mean()
        rows.append((won, risk.get(str(square), 0.0), uncertain))
    return np.array(rows)


def line(name: str, won: np.ndarray, by: np.ndarray) -> str:
    order, rise = np.argsort(-by, kind="stable"), np.maximum(won, 0)
    firsts = [rise[order[: round(part * len(won))]].sum() / rise.sum() for part in PARTS]
    shares = "".join(f"{each:7.2f}" for each in firsts)
    return f"{name:34} {spearmanr(by, won).statistic:7.2f} {shares}"


def main() -> None:
    threshold = em.load_model("isbi2012").info.threshold
    grey, truth = isbi_slices(SLICES)
    print(f"{'slices 24 to 26':34} Spearman   5 %   10 %   25 %")
    for name, alter in ALTERED.items():
        altered = np.asarray(alter(grey), np.float32)
        probability = em.segment(altered, model="isbi2012", output="probability").data
        pairs = zip(probability, truth, strict=True)
        table = np.concatenate([look(p, t, threshold) for p, t in pairs])
        print(line(f"{name}, ranked", table[:, 0], table[:, 1]))
        print(line(f"{name}, uncertainty alone", table[:, 0], table[:, 2]), flush=True)


if __name__ == "__main__":
    main()
