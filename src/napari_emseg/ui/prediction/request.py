"""What a prediction is made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_emseg.core.config.prediction import PredictConfig

if TYPE_CHECKING:
    from napari_emseg.core.segment.tiling import Region
    from napari_emseg.model.packages.package import ModelPackage


@dataclass(frozen=True)
class PredictionSettings:
    """What segments, and how, and what of the slices; the same for all stacks of a click."""

    package: ModelPackage
    device: str
    config: PredictConfig
    region: Region | None = None
