"""Settings of a comparison with a truth."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting


@dataclass(frozen=True)
class CompareConfig(Config):
    """How a prediction is compared with a truth."""

    threshold: float = setting(
        0.5, "A pixel is predicted as cell where its probability is above this.", ge=0, le=1
    )
    piece_radius_px: float = setting(
        3.0,
        "Pieces of cells in which no disc of this radius fits make no error: borders that lie a "
        "few pixels apart would be called mergers and splits.",
        unit="px",
        ge=1,
        le=100,
        label="Smallest error",
    )
