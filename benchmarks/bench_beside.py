"""What it costs to predict while a training runs, in a worker process each, as the window does it.

A training of the default recipe on a synthetic stack goes on all the time. In each round it is
left alone first, then slices of 512 x 512 px are predicted beside it with the model that ships,
then it is held (its process is suspended) while the same slices are predicted alone. So all four
times are taken in one run, in turn, and what else the machine does hits them alike; the figures
are medians over the rounds, and so are the ratios of each round.

Run it with ``make bench`` or ``python benchmarks/bench_beside.py [rounds] [slices]``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import psutil
from bench_predict import the_stack
from bench_train import synthetic_stack

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.jobs import LabelledFiles, PredictJob, TrainJob
from napari_emseg.engine.worker import Worker
from napari_emseg.types import Failed, Finished, TrainProgress

STEPS = 20
"""So many make a round's time of the training alone."""
WARM_UP = 3


class Timed:
    """A worker whose events are kept with the moment at which they came."""

    def __init__(self) -> None:
        self._events: Queue[tuple[float, object]] = Queue()
        self.worker = Worker(lambda _, event: self._events.put((time.perf_counter(), event)))

    def next(self, kind: type) -> tuple[float, Any]:
        """Wait for the next event of a kind."""
        while True:
            at, event = self._events.get()
            assert not isinstance(event, Failed), event.details or event.message
            if isinstance(event, kind):
                return at, event

    def forget(self) -> None:
        """Hear nothing of what came before now."""
        while not self._events.empty():
            self._events.get()

    def steps(self) -> list[float]:
        """When those steps of a training ended that have been heard of since `forget`."""
        events = [self._events.get() for _ in range(self._events.qsize())]
        return [at for at, event in events if isinstance(event, TrainProgress)]


def start_training(training: Timed, folder: Path) -> None:
    """Begin a training that does not end by itself, and wait until it is under way."""
    files = folder / "image.npy", folder / "labels.npy"
    for path, data in zip(files, synthetic_stack(), strict=True):
        np.save(path, data)
    train = TrainConfig(epochs=100_000, validate_every=100_000)
    training.worker.submit(
        TrainJob((LabelledFiles(*files),), folder / "run", recipe=Recipe(train=train))
    )
    for _ in range(WARM_UP):
        training.next(TrainProgress)


def one_round(training: Timed, predicting: Timed, job: PredictJob) -> dict[str, float]:
    """Seconds a step and a slice, alone and beside each other."""

    def predict() -> float:
        predicting.worker.submit(job)
        result = predicting.next(Finished)[1].result
        return result.seconds / result.slices

    training.forget()
    alone = [training.next(TrainProgress)[0] for _ in range(STEPS + 1)]
    training.forget()
    slice_beside = predict()
    beside = training.steps()
    process = psutil.Process(training.worker.pid)
    process.suspend()
    try:
        slice_alone = predict()
    finally:
        process.resume()
    return {
        "a step of the training, alone": statistics.median(np.diff(alone)),
        "a step of the training, beside a prediction": statistics.median(np.diff(beside)),
        "a predicted slice, alone": slice_alone,
        "a predicted slice, beside a training": slice_beside,
    }


def main() -> None:
    """Several rounds; prints medians, and how many times as long each takes beside the other."""
    rounds, slices = (int(a) for a in (sys.argv[1:] + ["3", "120"][len(sys.argv) - 1 :]))
    training, predicting = Timed(), Timed()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        data = the_stack(slices).data
        np.save(folder / "in.npy", data)
        np.save(folder / "out.npy", np.zeros(data.shape, np.float32))
        job = PredictJob(folder / "in.npy", folder / "out.npy")
        try:
            predicting.worker.submit(job)  # the model is loaded, and compiled
            predicting.next(Finished)
            start_training(training, folder)
            found = [one_round(training, predicting, job) for _ in range(rounds)]
        finally:
            training.worker.close()
            predicting.worker.close()
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count()
    print(f"{rounds} rounds on {cores} cores; {slices} slices are predicted, seconds")
    for name in found[0]:
        times = [each[name] for each in found]
        print(f"  {name:44s} median {statistics.median(times):6.3f}  worst {max(times):6.3f}")
    step_alone, step_beside, slice_alone, slice_beside = found[0]
    for name, slow, fast in (
        ("a training takes beside a prediction", step_beside, step_alone),
        ("a prediction takes beside a training", slice_beside, slice_alone),
    ):
        ratios = [each[slow] / each[fast] for each in found]
        print(f"  {name:44s} {statistics.median(ratios):6.2f} times as long "
              f"({min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip


if __name__ == "__main__":
    main()
