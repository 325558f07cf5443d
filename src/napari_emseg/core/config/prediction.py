"""Settings of a prediction, and of what is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting
from napari_emseg.errors import SettingError


@dataclass(frozen=True)
class PredictConfig(Config):
    """How a stack is predicted."""

    tile_size: int = setting(
        0,
        "Edge of an inference tile, at most: smaller ones are taken where memory is short, and "
        "slices up to this size go through whole; 0 takes what suits the network's runtime.",
        unit="px",
        ge=0,
        le=16384,
    )
    batch_size: int = setting(
        0,
        "Tiles that go through the network together; 0 takes as many as suit the device.",
        ge=0,
        le=256,
    )
    tta: bool = setting(
        False,
        "Predict in all eight orientations (test-time flips) and average: a little better, at "
        "eight times the time.",
        label="Average over all orientations",
    )
    runtime: str = setting(
        "auto",
        "What runs the network; auto takes a GPU that works first, else OpenVINO, else Keras.",
        choices=("auto", "keras", "openvino"),
    )
    exact: bool = setting(
        False,
        "Compute in single precision, also where the model has a form in 8-bit integers (int8) "
        "that is several times as fast and costs next to no accuracy.",
        label="Exact, in single precision",
    )
    int8: bool = setting(
        False,
        "Have OpenVINO take the int8 form also where what it costs is unknown or too much; it is "
        "made from the stack where the model has none.",
    )

    membranes: str = setting(
        "auto",
        "Whether membranes are darker than cells, as in most stains, or brighter, which the image "
        "is inverted for; auto looks.",
        choices=("auto", "dark", "bright"),
    )
    pixel_size_nm: float = setting(
        0.0,
        "Edge of a pixel, in place of what the stack records: slices are resampled to the pixel "
        "size that the model learned on; 0 takes what is recorded.",
        unit="nm",
        ge=0,
        le=100_000,
        label="Pixel size",
        zero="as recorded",
    )
    scale: float = setting(
        1.0,
        "Enlarge slices by this factor for the model, besides what the pixel size asks for: above "
        "1 where membranes are thinner than those it learned, below 1 where they are thicker.",
        ge=0.125,
        le=8,
        label="Enlarge by",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.exact and self.int8:
            raise SettingError("exact: expected one of exact and int8, received both")


@dataclass(frozen=True)
class MaskConfig(Config):
    """How a probability becomes a mask, and cells that keep their id from slice to slice."""

    threshold: float = setting(
        0.5, "A pixel is cell where its probability is above this.", ge=0, le=1
    )
    smallest_cell_px: int = setting(
        10,
        "Cells with fewer pixels than this in a slice are left out.",
        unit="px",
        ge=0,
        le=100_000,
        label="Smallest cell",
    )
    least_slices: int = setting(
        1,
        "Cells that live in fewer slices than this are left out, save those that reach the first "
        "or the last slice: nobody sees how far they go on. The mask keeps them.",
        ge=1,
        le=1000,
        label="Smallest cell, in slices",
    )
    marker_threshold: float = setting(
        0.9,
        "Where one cell holds several large parts with a probability above this, each becomes a "
        "cell of its own; at the threshold or below nothing is split.",
        ge=0,
        le=1,
    )
    smallest_marker_px: int = setting(
        200, "Smallest of the parts that become cells of their own.", unit="px", ge=1, le=100_000
    )
    link_overlap: float = setting(
        0.1,
        "Cells of neighbouring slices are one where they share at least this fraction of the "
        "pixels that either covers.",
        ge=0.01,
        le=1,
    )
