"""How much memory a training takes, by the length of the stack of which three slices are labelled.

And by the number of stacks that are trained on together, all of whose slices are labelled. Each is
trained on in a fresh process, which loads Keras before it looks at its memory, by the job that
``napari-emseg train`` runs: a small network, stopped after a few steps. Run it with ``make bench``
or ``python benchmarks/bench_train_memory.py``; it takes a minute.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import zarr

LENGTHS, EDGE_PX = (50, 500), 512
STACKS, LABELLED = (1, 4), 40
STEPS = 12
LIMIT_RATIO, LIMIT_MB = 1.2, 20
"""Memory of the longest over that of the shortest, or so much more of it."""


def write_stack(folder: Path, length: int, labelled: Sequence[int]) -> None:
    """Noise and square cells in some slices; of the others the files hold no chunk."""
    rng = np.random.default_rng(0)
    line = np.arange(EDGE_PX) % 37 < 33
    shape = length, EDGE_PX, EDGE_PX
    images, labels = (
        zarr.create_array(folder / f"{name}.zarr", shape=shape, chunks=(1, *shape[1:]), dtype="u1")
        for name in ("images", "labels")
    )
    for z in labelled:
        images[z] = rng.integers(0, 256, shape[1:], np.uint8)
        labels[z] = np.outer(line, line)


def measure(folder: Path) -> None:
    """Train here, and print the MB that were in use before it and at most."""
    from bench_memory import resident_mb

    from napari_emseg.core.config.network import NetworkConfig
    from napari_emseg.core.config.recipe import Recipe
    from napari_emseg.core.config.training import TrainConfig
    from napari_emseg.engine.jobs import LabelledFiles, TrainJob
    from napari_emseg.engine.run import run
    from napari_emseg.errors import CancelledError
    from napari_emseg.model.hardware.backend import load_backend
    from napari_emseg.types import Progress

    load_backend()
    before, steps = resident_mb(), []
    recipe = Recipe(
        NetworkConfig(depth=2, base_filters=4), train=TrainConfig(patch_size=64, batch_size=4)
    )
    stacks = tuple(
        LabelledFiles(each / "images.zarr", each / "labels.zarr", validation=(int(each.name),))
        for each in sorted((folder / "stacks").iterdir())
    )
    job = TrainJob(stacks, folder / "run", recipe=recipe)
    try:
        run(
            job,
            lambda event: steps.append(event) if isinstance(event, Progress) else None,
            lambda: len(steps) >= STEPS,
        )
    except CancelledError:
        print(json.dumps([before, resident_mb(peak=True)]))


def in_fresh_process(length: int, labelled: Sequence[int], stacks: int = 1) -> float:
    """MB that a training on stacks of so many slices takes."""
    with tempfile.TemporaryDirectory() as name:
        for k in range(stacks):  # named after the slice to validate on
            write_stack(Path(name) / "stacks" / str(labelled[k]), length, labelled)
        command = [sys.executable, __file__, name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    before, peak = json.loads(done.stdout.splitlines()[-1])
    return peak - before


def main() -> None:
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
        return
    print(f"training on 3 labelled slices of {EDGE_PX} x {EDGE_PX} px, above the loaded Keras:")
    report({
        f"{n} slices": in_fresh_process(n, (3, n // 2, n - 2)) for n in LENGTHS
    })  # fmt: skip
    print(f"training on stacks of {LABELLED} labelled slices, likewise:")
    report({f"{n} stacks": in_fresh_process(LABELLED, range(LABELLED), n) for n in STACKS})


def report(taken: dict[str, float]) -> None:
    """Print the MB that were taken, and how the most compares with the least."""
    for what, mb in taken.items():
        print(f"  {what:>10} {mb:6.0f} MB")
    least, *_, most = taken.values()
    print(f"  {most / least:.2f} times as much; limit {LIMIT_RATIO} or {LIMIT_MB} MB more")


if __name__ == "__main__":
    main()
