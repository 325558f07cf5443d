"""What a person says of a network that others have made, where its file does not."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting


@dataclass(frozen=True)
class ForeignConfig(Config):
    """What goes into a network of others as ONNX, and what comes out."""

    shows: str = setting(
        "unknown",
        "What the channel that counts is the probability of; boundaries of cells are membrane.",
        choices=("unknown", "cell", "membrane"),
        label="Output shows",
    )
    channel: int = setting(
        1, "Which channel of the output counts, from 1.", ge=1, le=1024, label="Output channel"
    )
    activation: str = setting(
        "none",
        "What is still to be done to the output to make it a probability.",
        choices=("none", "sigmoid", "softmax"),
    )
    normalisation: str = setting(
        "zero_mean_unit_variance",
        "How grey values go in: each slice with mean 0 and deviation 1, with its percentiles at 0 "
        "and 1, multiplied by the gain, or as they are.",
        choices=("zero_mean_unit_variance", "scale_range", "scale_linear", "none"),
        label="Grey values",
    )
    min_percentile: float = setting(
        1.0, "Percentile that becomes 0.", unit="%", ge=0, le=50, label="Lower percentile"
    )
    max_percentile: float = setting(
        99.0, "Percentile that becomes 1.", unit="%", ge=50, le=100, label="Upper percentile"
    )
    gain: float = setting(
        1 / 255, "Grey values are multiplied by this.", ge=1e-6, le=1e3, step=1e-6
    )
    axes: str = setting(
        "bcyx",
        "Order of the axes of what goes in and comes out: b tile, c channel, y row, x column.",
        choices=("bcyx", "byxc"),
    )
    input_slices: int = setting(
        1,
        "Slices that the network sees, as channels: 1, or 3 to see the neighbours.",
        ge=1,
        le=3,
        label="Slices seen at once",
    )
    tile_px: int = setting(
        0,
        "Height and width of the only tiles that the network takes.",
        unit="px",
        ge=0,
        le=8192,
        label="Tile size",
        zero="any",
    )
    multiple_px: int = setting(
        16,
        "Height and width that it takes are multiples of this.",
        unit="px",
        ge=1,
        le=1024,
        label="Multiple",
    )
    margin_px: int = setting(
        64,
        "How near to a tile's edge the output is not to be believed.",
        unit="px",
        ge=0,
        le=1024,
        label="Margin",
    )
    pixel_nm: float = setting(
        0.0,
        "Edge of a pixel that the network learned on; slices are resampled to it.",
        unit="nm",
        ge=0,
        le=10_000,
        label="Pixel size",
        zero="unknown",
    )
    threshold: float = setting(
        0.5, "A pixel is cell where its probability is above this.", ge=0, le=1, step=0.01
    )
