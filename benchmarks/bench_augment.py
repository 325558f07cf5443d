"""Whether one core makes training patches faster than the network eats them on all cores.

Patches of 256 px are cut out of a slice of 512 x 512 px by the default settings, by those for other
microscopes, with every transform in 30 % of the patches and with every transform in every patch.
What each transform takes is listed before. Then, in a process of its own, the default network is
trained on ready batches with ``train_on_batch``. Run it with ``make bench`` or ``python
benchmarks/bench_augment.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import cv2
import numpy as np

from napari_emseg.core.augment.augment import augment
from napari_emseg.core.augment.styles import grey_quantiles
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.presets import OTHER_MICROSCOPES
from napari_emseg.core.config.training import TrainConfig

SIZE, BATCH = TrainConfig().patch_size, TrainConfig().batch_size
PATCHES = 100
WARM_UP, STEPS = 2, 8


def made_per_second(config: AugmentConfig) -> float:
    """Patches per second of processor time."""
    rng = np.random.default_rng(0)
    image = rng.standard_normal((512, 512), dtype=np.float32)
    mask = (image > 0).astype(np.uint8)
    weight = np.ones_like(image)
    styles = [grey_quantiles(image)]
    augment(image, mask, weight, rng, config, size=SIZE, styles=styles)
    begun = time.process_time()
    for _ in range(PATCHES):
        augment(image, mask, weight, rng, config, size=SIZE, styles=styles)
    return PATCHES / (time.process_time() - begun)


def every(probability: float, **others: float) -> AugmentConfig:
    """Every transform with this probability, save ``others``."""
    names = [each.name for each in AugmentConfig.settings() if each.name.endswith("_probability")]
    return AugmentConfig(**(dict.fromkeys(names, probability) | others))


def print_milliseconds() -> None:
    """What each transform takes, beyond what a patch takes without any."""
    crop = 1000 / made_per_second(every(0.0))
    print(f"milliseconds a patch: {crop:.2f} for a crop, and more for")
    for each in AugmentConfig.settings():
        if each.name.endswith("_probability"):
            taken = 1000 / made_per_second(every(0.0, **{each.name: 1.0})) - crop
            print(f"  {each.name.removesuffix('_probability'):13s} {taken:6.2f}")


def eaten_per_second() -> float:
    """Patches per second that the default network is trained on."""
    from napari_emseg.model.network.unet import build_unet

    model = build_unet(NetworkConfig())
    model.compile("adam", "binary_crossentropy")
    image = np.random.default_rng(0).standard_normal((BATCH, SIZE, SIZE, 1), dtype=np.float32)
    for step in range(WARM_UP + STEPS):
        if step == WARM_UP:
            begun = time.perf_counter()
        model.train_on_batch(image, image > 0)
    return BATCH * STEPS / (time.perf_counter() - begun)


def main() -> None:
    if "--network" in sys.argv:
        print(eaten_per_second())
        return
    cv2.setNumThreads(1)
    print_milliseconds()
    made = {
        "defaults": AugmentConfig(),
        "other microscopes": AugmentConfig().changed(OTHER_MICROSCOPES),
        "all, 30 %": every(0.3),
        "all": every(1.0),
    }
    command = [sys.executable, __file__, "--network"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    eaten = float(done.stdout.splitlines()[-1])
    print(f"patches of {SIZE} px per second")
    print(f"  the network eats, on {os.cpu_count()} cores         {eaten:7.1f}")
    for name, config in made.items():
        rate = made_per_second(config)
        print(f"  made on one core, {name:18s} {rate:7.1f}  {rate / eaten:5.1f} times as many")


if __name__ == "__main__":
    main()
