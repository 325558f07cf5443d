"""What our training loop costs beside the training itself, and what validation costs.

A: our loop (batches made and augmented in a thread, schedule, events) through the very `Training`
that the program runs. B: a bare Keras ``train_on_batch`` loop on ready arrays. Both train networks
of the default recipe on a synthetic stack, in turn within one process, so that what else the
machine does hits both alike; the figure is the median over the rounds of A's patches per second
over B's. Then: what one validation, with its scoring, takes of an epoch, and how soon after
the command ``napari-emseg train`` the first step is done.

Run it with ``make bench`` or ``python benchmarks/bench_train.py [rounds] [base filters]``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

LEAST_RATIO = 0.9
LONGEST_START_S = 20.0
STEPS = 20
EDGE = 512
SLICES = 21


def synthetic_stack():
    """Square cells with dark membranes and noise: (Z, Y, X) uint8 image and labels."""
    import numpy as np

    line = np.arange(EDGE + SLICES) % 37 < 33
    labels = np.stack([np.outer(line[z:][:EDGE], line[z:][:EDGE]) for z in range(SLICES)])
    noise = np.random.default_rng(0).normal(0, 20, labels.shape)
    image = np.clip(80 + 90 * labels + noise, 0, 255).astype(np.uint8)
    return image, labels.astype(np.uint8)


def make_training(folder: Path, base_filters: int):
    """A training that is ready for its first epoch."""
    from napari_emseg.core.config.network import NetworkConfig
    from napari_emseg.core.config.recipe import Recipe
    from napari_emseg.core.config.terms import TermsConfig
    from napari_emseg.core.config.training import TrainConfig
    from napari_emseg.core.train.source import Source
    from napari_emseg.core.train.split import split_target
    from napari_emseg.core.train.targets import make_target
    from napari_emseg.model.train.run_folder import RunFolder
    from napari_emseg.model.train.training import Training
    from napari_emseg.types import Stack

    image, labels = synthetic_stack()
    recipe = Recipe(NetworkConfig(base_filters=base_filters), train=TrainConfig(epochs=10_000))
    target = make_target(labels, "mask", recipe.train)
    split = split_target(target, fraction=recipe.train.val_fraction)
    training = Training(
        [Source(Stack(image), target, split)],
        recipe,
        None,
        RunFolder(folder),
        TermsConfig(),
        lambda _: None,
        lambda: False,
    )
    training.prepare(None, resume=False, half=False)
    training.steps = STEPS
    return training


class BareLoop:
    """``train_on_batch`` over and over on one ready batch."""

    def __init__(self, training) -> None:
        from napari_emseg.core.train.patches import make_batch
        from napari_emseg.model.network.unet import build_unet
        from napari_emseg.model.train.learner import compile_for_training

        recipe = training.recipe
        network = recipe.network
        self.model = compile_for_training(build_unet(network), network, recipe.train)
        image, classes, self.weights = make_batch(training.patches, recipe, epoch=1, step=0)
        self.image, self.classes = image, classes[..., None]

    def run(self) -> None:
        """As many steps as ours does in a round."""
        for _ in range(STEPS):
            self.model.train_on_batch(self.image, self.classes, sample_weight=self.weights)


def seconds_of(function) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def compare(rounds: int, base_filters: int) -> None:
    """Print the ratio of both loops, and the cost of a validation."""
    with tempfile.TemporaryDirectory() as folder:
        training = make_training(Path(folder) / "run", base_filters)
        bare, batches = BareLoop(training), training._batches()
        pairs, patches = [], STEPS * training.recipe.train.batch_size
        for number in range(rounds + 1):  # the first traces the graphs
            ours = seconds_of(lambda n=number: training._train_epoch(n + 1, batches))
            theirs = seconds_of(bare.run)
            if number:
                pairs.append((patches / ours, patches / theirs))
        batches.close()
        training.validator(training.learner.settled())
        judged = statistics.median(
            seconds_of(lambda: training.validator(training.learner.settled())) for _ in range(3)
        )
    ratio = statistics.median(a / b for a, b in pairs)
    speed = statistics.median(a for a, _ in pairs)
    epoch = (SLICES - len(training.split.validation)) * (EDGE / 256) ** 2 / speed
    print(
        f"{base_filters} base filters, patches of 256 px, batches of 4, {rounds} rounds of {STEPS}"
    )
    print(f"  our loop           {speed:7.2f} patches/s")
    print(f"  bare Keras loop    {statistics.median(b for _, b in pairs):7.2f} patches/s")
    print(
        f"  ratio              {ratio:7.3f}  (to reach: {LEAST_RATIO}; "
        f"worst {min(a / b for a, b in pairs):.3f}, best {max(a / b for a, b in pairs):.3f})"
    )
    print(
        f"  one validation     {judged:7.2f} s  ({len(training.split.validation)} slices and a "
        f"training slice; an epoch takes {epoch:.1f} s, so {100 * judged / (judged + epoch):.0f} %"
        " if done after each)"
    )


def first_step() -> float:
    """Seconds from the start of ``napari-emseg train`` to the first step that is done."""
    import subprocess

    import numpy as np

    image, labels = synthetic_stack()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        np.save(folder / "image.npy", image)
        np.save(folder / "labels.npy", labels)
        code = (
            "import os\n"
            "from napari_emseg.cli.options_and_progress import _Progress\n"
            "from napari_emseg.types import Progress\n"
            "def show(self, event):\n"
            "    if isinstance(event, Progress): os._exit(0)\n"
            "_Progress.show = show\n"
            "from napari_emseg.cli.commands import main\n"
            f"main(['train', {str(folder / 'image.npy')!r}, {str(folder / 'labels.npy')!r},"
            f" '--out', {str(folder / 'run')!r}])\n"
        )
        return seconds_of(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def main() -> None:
    from napari_emseg.model.hardware.backend import load_backend

    rounds, base_filters = (int(a) for a in (sys.argv[1:] + ["5", "16"][len(sys.argv) - 1 :]))
    print(f"  first step after   {first_step():7.1f} s  (to reach: {LONGEST_START_S:.0f})")
    load_backend()
    compare(rounds, base_filters)


if __name__ == "__main__":
    main()
