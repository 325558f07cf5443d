"""Plays the person who corrects one slice of a stack that looks unlike what the model knows.

Each case is a stack with its truth: the phantom rendered with thicker and paler membranes, more
noise and another scale; and ISBI slices with reversed polarity, strong noise, or one side in the
dark. ``isbi2012`` segments it, the truth of one slice is given as the correction, and the
model is retrained by the request that the dock makes, with the dock's settings. Scored are slices
that nobody corrected, by V_rand at the best threshold:

- before: ``isbi2012``;
- after: retrained on the one slice;
- full: ``isbi2012`` trained on that slice and eight more, for so many epochs and otherwise
  alike. What retraining won of the distance between before and full is the share to look at.

Retraining is limited by time, as in the dock, so a busy machine shows; full training is not.

The time is that from the click to the new model in the library. ISBI's slices 24 to 26 are those
that it has not seen: 24 is corrected, 25 and 26 are scored, and full training takes
16 to 23 beside it.

    python benchmarks/bench_correct.py [--full-epochs N] [CASE ...]

Cases are phantom, reversed, noise and shade. Without one, phantom alone with a short full training:
that is what ``make bench`` does.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[1]
sys.path.append(str(REPO / "sample_data"))
sys.path.append(str(REPO / "benchmarks"))

from bench_robustness import noise, zoom  # noqa: E402
from isbi import isbi_slices  # noqa: E402

import napari_emseg as em  # noqa: E402
from napari_emseg.core.config.correction import RetrainConfig  # noqa: E402
from napari_emseg.core.correct.corrected_pixels import CorrectedPixels  # noqa: E402
from napari_emseg.core.train.slice_split import SliceSplit  # noqa: E402
from napari_emseg.engine.run import run  # noqa: E402
from napari_emseg.engine.train.request import TrainingData  # noqa: E402
from napari_emseg.engine.train.retrain_request import retrain_request  # noqa: E402

MODEL = "isbi2012"
"""It has seen one tissue, so that there is something to learn."""

LEAST_SHARE = 0.5
LONGEST_S = 180.0
SHORT_FULL_EPOCHS, FULL_EPOCHS = 12, 40

OTHERS, CORRECTED, SCORED = tuple(range(8)), 8, (9, 10)
ISBI_SLICES = range(16, 27)


@dataclass(frozen=True)
class Case:
    """Images and truth (Z, Y, X): eight slices more, the corrected one, two to score."""

    images: em.Stack
    truth: em.Stack

    @classmethod
    def of(cls, images: np.ndarray, truth: np.ndarray) -> Case:
        """From arrays."""
        return cls(em.Stack(images, name="em"), em.Stack(truth, name="truth", kind="labels"))


def other_phantom() -> Case:
    """The phantom with membranes half as thick again, paler, with more grain, at 3.2 nm a pixel."""
    import phantom_imaging
    from make_phantom import make_phantom

    phantom_imaging.HALF_THICKNESS = 3.2
    phantom_imaging.MEMBRANE = 105.0
    phantom_imaging.GRAIN = tuple((sigma, 1.6 * std) for sigma, std in phantom_imaging.GRAIN)
    images, truth = make_phantom(7, len(OTHERS) + 1 + len(SCORED), 416)
    enlarged = np.clip(zoom(1.25)(images.astype(np.float32)), 0, 255).astype(np.uint8)
    return Case.of(enlarged, zoom(1.25, order=0)(truth))


def isbi(alter: Callable[[np.ndarray], np.ndarray]) -> Case:
    """ISBI slices, altered."""
    grey, truth = isbi_slices(ISBI_SLICES)
    return Case.of(np.asarray(alter(grey), np.float32), truth)


def shade(grey: np.ndarray) -> np.ndarray:
    """Five times as bright at the right as at the left."""
    return grey * np.linspace(0.2, 1, grey.shape[2])


CASES: dict[str, Callable[[], Case]] = {
    "phantom": other_phantom,
    "reversed": lambda: isbi(lambda grey: 1 - grey),
    "noise": lambda: isbi(noise(1.5)),
    "shade": lambda: isbi(shade),
}


def v_rand(case: Case, model: em.ModelPackage) -> float:
    """Of the slices that nobody corrected."""
    probability = em.segment(case.images, model=model, output="probability", slices=SCORED)
    return em.evaluate(probability, case.truth.take(SCORED)).v_rand


def retrain(case: Case, slices: list[int], epochs: int = 0) -> tuple[em.ModelPackage, float]:
    """The model that the dock would make of these corrections, and the seconds it took.

    With ``epochs`` it trains for so long instead, and validates on the first of the slices.
    """
    begun = time.perf_counter()
    data = TrainingData(case.images, case.truth)
    corrected = CorrectedPixels({}, tuple(slices))
    request = retrain_request(data, corrected, em.load_model(MODEL), RetrainConfig())
    if epochs:
        train = replace(request.recipe.train, minutes=0.0, epochs=epochs)
        split = SliceSplit(
            tuple(slices), tuple(slices[1:]), (slices[0],)
        )  # the corrected one trains
        request = replace(request, recipe=replace(request.recipe, train=train), split=split)
    folder, job = request.prepare()
    result = run(job, _tell, lambda: False)
    folder.end(crashed=False)
    return em.load_model(result.package), time.perf_counter() - begun


def _tell(event: object) -> None:
    if isinstance(event, em.Log) and os.environ.get("EMSEG_BENCH_LOGS"):
        print(f"  {event.message}", flush=True)


def play(name: str, full_epochs: int) -> bool:
    """Print one row; whether half of the distance was won in time."""
    case = CASES[name]()
    before = v_rand(case, em.load_model(MODEL))
    package, seconds = retrain(case, [CORRECTED])
    after = v_rand(case, package)
    full = v_rand(case, retrain(case, [*OTHERS, CORRECTED], full_epochs)[0])
    share = (after - before) / (full - before)
    print(
        f"{name:9} {before:7.4f} {after:7.4f} {full:7.4f} {share:7.2f} {seconds:7.0f} s", flush=True
    )
    return share >= LEAST_SHARE and seconds <= LONGEST_S


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--full-epochs", type=int)
    asked = parser.parse_args()
    if unknown := set(asked.cases) - set(CASES):
        parser.error(f"expected cases of {', '.join(CASES)}, received {', '.join(unknown)}")
    epochs = asked.full_epochs or (FULL_EPOCHS if asked.cases else SHORT_FULL_EPOCHS)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"EMSEG_MODELS_DIR": f"{folder}/models", "EMSEG_RUNS_DIR": f"{folder}/runs"}
        print(f"share to reach: {LEAST_SHARE}, in {LONGEST_S:.0f} s; full: {epochs} epochs")
        print("case       before   after    full   share     time")
        reached = [play(name, epochs) for name in asked.cases or ["phantom"]]
    print(f"{sum(reached)} of {len(reached)} reached both")


if __name__ == "__main__":
    main()
