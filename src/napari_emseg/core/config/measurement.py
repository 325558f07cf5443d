"""Settings of measurements."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting


@dataclass(frozen=True)
class MeasureConfig(Config):
    """How cells are measured."""

    widest_membrane_px: int = setting(
        12,
        "Two cells touch where what lies between them in a slice is 0 and at most this wide; "
        "what is wider is no membrane, and has no thickness.",
        unit="px",
        ge=0,
        le=1000,
    )
    thickness: bool = setting(True, "Measure the thickness of membranes, which takes longest.")
