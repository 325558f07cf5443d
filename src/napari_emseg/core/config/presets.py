"""Settings of a training that go together, under a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from napari_emseg.core.config.training import TrainConfig


@dataclass(frozen=True)
class Preset:
    """A choice between time and quality.

    Parameters
    ----------
    name : str
        What it is called.
    help : str
        One sentence of what to expect.
    train : dict
        Settings of `TrainConfig` that it brings; all others have their defaults.
    """

    name: str
    help: str
    train: dict[str, Any] = field(default_factory=dict)


PRESETS = (
    Preset(
        "fast", "30 epochs, to see whether it works at all: V_rand 0.96 on ISBI 2012.",
        {"epochs": 30},
    ),
    Preset(
        "balanced", "120 epochs, the default: V_rand 0.98 to 0.99 on ISBI 2012.",
        {"epochs": TrainConfig().epochs},
    ),
    Preset("best", "300 epochs, for many labels and a night.", {"epochs": 300}),
)  # fmt: skip
"""The network is the same: on ISBI 2012 time is what helped, see ``docs/recipes.md``."""

OTHER_MICROSCOPES: dict[str, float] = {
    "zoom_probability": 0.6, "zoom": 0.6,
    "coarse_probability": 0.25,
    "organelle_probability": 0.1,
    "membrane_probability": 0.2,
    "thickness_probability": 0.15,
    "histogram_probability": 0.25,
    "spectrum_probability": 0.2,
    "blur_probability": 0.2,
    "gamma_probability": 0.3,
    "gradient_probability": 0.25,
    "contrast_probability": 0.4,
    "brightness_probability": 0.4,
    "stripes_probability": 0.05,
    "grain_probability": 0.2,
    "gap_probability": 0.05,
}  # fmt: skip
"""Settings of `AugmentConfig` for a network that is to know tissue of microscopes it never saw."""
