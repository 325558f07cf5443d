"""Every setting, declared once.

Form, command-line option, check, error message and reference page are all made from these
declarations, so a default, a range or a help text is written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from napari_emseg.core.setting import Config, setting
from napari_emseg.errors import SettingError


@dataclass(frozen=True)
class NetworkConfig(Config):
    """Shape of the U-Net."""

    depth: int = setting(4, "Number of times the network halves the image.", ge=1, le=6)
    base_filters: int = setting(
        16, "Filters of the first level; doubled at each deeper one.", ge=1, le=128
    )
    residual: bool = setting(True, "Add each block's input to its output.")
    normalisation: str = setting(
        "batch",
        "What is normalised after each convolution: each feature over the batch, all features of "
        "a pixel (layer), or nothing.",
        choices=("batch", "layer", "none"),
    )
    dropout: float = setting(
        0.0, "Fraction of the deepest level's features left out while training.", ge=0, le=0.9
    )
    input_slices: int = setting(
        1, "Slices that the network sees: 1, or 3 to see the neighbours.", ge=1, le=3
    )
    classes: int = setting(
        2,
        "Classes that the network tells apart: 2 are membrane and cell; more are painted as "
        "scribbles 3, 4, ... within cells.",
        ge=2,
        le=16,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.input_slices % 2 == 0:
            raise SettingError(f"input_slices: expected 1 or 3, received {self.input_slices}")

    @property
    def multiple(self) -> int:
        """Height and width that the network takes are multiples of this, in pixels."""
        return int(2**self.depth)

    @property
    def channels(self) -> int:
        """Channels that come out: the probability of cell, or of each of more than two classes."""
        return 1 if self.classes == 2 else self.classes

    @property
    def reach(self) -> int:
        """How far an output pixel sees, in pixels.

        Two 3 x 3 convolutions on every level, going down and up, and the pooling between them.
        """
        pooled = self.multiple - 1
        return 2 * pooled + 2 * self.multiple + 2 * pooled + pooled

    def slices_seen(self, z: int, total: int) -> list[int]:
        """Slices that go in to predict slice ``z`` of ``total``, with ``z`` in their middle.

        At the ends of the stack the edge slice stands in for what is missing.
        """
        side = self.input_slices // 2
        return [min(max(seen, 0), total - 1) for seen in range(z - side, z + side + 1)]


@dataclass(frozen=True)
class AugmentConfig(Config):
    """How training patches are varied.

    Every transform has a probability and a strength. Those that move pixels move image, mask and
    weights together; the others act on the image alone, and on each of its slices for itself. Grey
    values are in standard deviations of the slice, because slices come in normalised.
    """

    flip_probability: float = setting(
        0.5, "Fraction of the patches that are mirrored, for each axis.", ge=0, le=1
    )
    quarter_turn_probability: float = setting(
        0.75, "Fraction of the patches that are turned by 90, 180 or 270 degrees.", ge=0, le=1
    )
    rotation_probability: float = setting(
        0.5, "Fraction of the patches that are rotated by any angle.", ge=0, le=1
    )
    rotation_deg: float = setting(
        45.0, "Rotate by up to this angle either way.", unit="degrees", ge=0, le=180
    )
    shift_probability: float = setting(
        0.1, "Fraction of the patches that are shifted, also past the border.", ge=0, le=1
    )
    shift_px: float = setting(
        16.0, "Shift by up to this much along each axis.", unit="px", ge=0, le=1000
    )
    zoom_probability: float = setting(
        0.5, "Fraction of the patches that are made larger or smaller.", ge=0, le=1
    )
    zoom: float = setting(0.2, "Zoom by a factor of up to 1 plus this, in or out.", ge=0, le=3)
    shear_probability: float = setting(0.1, "Fraction of the patches sheared.", ge=0, le=1)
    shear_deg: float = setting(
        8.0, "Shear by up to this angle either way.", unit="degrees", ge=0, le=45
    )
    elastic_probability: float = setting(
        0.25, "Fraction of the patches that are bent by smoothed noise.", ge=0, le=1
    )
    elastic_alpha_min: float = setting(
        100.0, "Alpha of the weakest elastic deformation.", unit="px", ge=0, le=2000
    )
    elastic_alpha_max: float = setting(
        300.0, "Alpha of the strongest elastic deformation.", unit="px", ge=0, le=2000
    )
    elastic_sigma_min: float = setting(
        10.0, "Sigma of the weakest elastic deformation.", unit="px", ge=1, le=100
    )
    elastic_sigma_max: float = setting(
        15.0, "Sigma of the strongest elastic deformation.", unit="px", ge=1, le=100
    )
    grid_probability: float = setting(
        0.25, "Fraction of the patches that are bent by a coarse grid of displacements.", ge=0, le=1
    )
    grid_points: int = setting(3, "Points of that grid along each axis.", ge=2, le=16)
    grid_px: float = setting(
        10.0,
        "Standard deviation of its displacements; at most an eighth of the points' distance.",
        unit="px",
        ge=0,
        le=200,
    )
    interpolation: str = setting(
        "linear",
        "How the image is resampled; the mask takes the nearest pixel.",
        choices=("linear", "cubic"),
    )
    doubled_probability: float = setting(
        0.01, "Fraction of the slices on which a second section lies.", ge=0, le=1
    )
    doubled_share: float = setting(0.4, "Largest share of that second section.", ge=0, le=1)
    doubled_shift_px: float = setting(
        12.0, "Shift of that second section, at most.", unit="px", ge=0, le=1000
    )
    fold_probability: float = setting(0.02, "Fraction of the slices with a dark fold.", ge=0, le=1)
    fold_width_px: float = setting(20.0, "Width of a fold, at most.", unit="px", ge=1, le=1000)
    fold_depth: float = setting(
        2.5, "Darkness of a fold, at most, in standard deviations of the slice.", ge=0, le=10
    )
    blur_probability: float = setting(0.1, "Fraction of the slices out of focus.", ge=0, le=1)
    blur_px: float = setting(1.5, "Sigma of the Gaussian blur, at most.", unit="px", ge=0.1, le=50)
    gamma_probability: float = setting(
        0.2, "Fraction of the slices whose grey values are bent by a power law.", ge=0, le=1
    )
    gamma: float = setting(
        0.5, "Exponent of up to 1 plus this, or its inverse; mean and contrast stay.", ge=0, le=5
    )
    contrast_probability: float = setting(
        0.3, "Fraction of the slices with another contrast.", ge=0, le=1
    )
    contrast: float = setting(0.3, "Change of contrast by up to this fraction.", ge=0, le=0.9)
    brightness_probability: float = setting(
        0.5, "Fraction of the slices with another brightness.", ge=0, le=1
    )
    brightness: float = setting(
        0.3, "Shift of the grey values, in standard deviations of the slice.", ge=0, le=3
    )
    missing_probability: float = setting(
        0.0,
        "Fraction of the slices that are blank or noise; for networks that see the neighbours.",
        ge=0,
        le=1,
    )
    reversal_probability: float = setting(
        0.0, "Fraction of the patches with reversed polarity: bright membranes.", ge=0, le=1
    )
    noise_probability: float = setting(
        0.3, "Fraction of the slices with Gaussian noise.", ge=0, le=1
    )
    noise: float = setting(
        0.2, "Sigma of that noise, at most, in standard deviations of the slice.", ge=0, le=3
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("elastic_alpha", "elastic_sigma"):
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if low > high:
                raise SettingError(
                    f"{name}_min: expected at most {name}_max={high}, received {low}"
                )


@dataclass(frozen=True)
class TrainConfig(Config):
    """How a network is trained."""

    epochs: int = setting(120, "Passes over the training slices.", ge=1, le=100_000)
    minutes: float = setting(
        0.0,
        "Fit the training into this time; 0 trains all epochs.",
        unit="minutes",
        ge=0,
        le=100_000,
    )
    patch_size: int = setting(256, "Edge of a training patch.", unit="px", ge=16, le=2048)
    batch_size: int = setting(4, "Patches per step.", ge=1, le=256)
    least_steps: int = setting(
        1,
        "Steps of an epoch, at least; more where few slices are labelled, so that less of the time "
        "goes into what follows each epoch.",
        ge=1,
        le=10_000,
    )
    loss: str = setting(
        "cross-entropy",
        "What training minimises: the weighted cross-entropy alone, or with Dice or clDice of the "
        "membranes added.",
        choices=("cross-entropy", "dice", "cldice"),
    )
    overlap_weight: float = setting(
        0.5, "Weight of Dice or clDice beside the cross-entropy.", ge=0, le=100
    )
    learning_rate: float = setting(1e-3, "Adam's step size at the start.", ge=1e-7, le=1)
    val_fraction: float = setting(
        0.1, "Fraction of the labelled slices held out for validation.", ge=0.01, le=0.9
    )
    border_weight: float = setting(
        10.0, "Extra weight w_0 of the borders between close cells.", ge=0, le=1000
    )
    border_sigma_px: float = setting(
        5.0, "Width sigma of that border weight.", unit="px", ge=0.5, le=100
    )
    ema: float = setting(
        0.0,
        "Decay per step of a running average of the weights, which is judged and kept in their "
        "place; 0 keeps the weights themselves.",
        ge=0,
        le=0.9999,
    )
    rehearse: float = setting(
        0.0,
        "Fraction of the patches that come from what the model to go on from was trained on, where "
        "that is at hand, so that it does not forget.",
        ge=0,
        le=0.9,
    )
    patience: int = setting(
        0,
        "Stop after so many epochs without a better validation score; 0 never stops early.",
        unit="epochs",
        ge=0,
        le=100_000,
    )
    validate_every: int = setting(
        0,
        "Validate after every so many epochs, and after the last; 0 as often as costs at most 15 % "
        "of the time.",
        unit="epochs",
        ge=0,
        le=100_000,
    )
    mixed_precision: bool = setting(
        True, "Compute in half precision on a GPU; a processor always takes float32."
    )
    seed: int = setting(0, "Seed of all random draws.", ge=0, le=2**32 - 1)


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training, beside the data."""

    network: NetworkConfig = NetworkConfig()
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()

    def __post_init__(self) -> None:
        if self.train.patch_size % self.network.multiple:
            raise SettingError(
                f"patch_size: expected a multiple of {self.network.multiple} px for a network of "
                f"depth {self.network.depth}, received {self.train.patch_size}"
            )

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain values, one group per config."""
        return asdict(self)

    @classmethod
    def from_dict(cls, groups: Mapping[str, Mapping[str, Any]]) -> Recipe:
        """Build from what `to_dict` gave; a group that is missing has its defaults."""
        known = [each.name for each in fields(cls)]
        if unknown := sorted(set(groups) - set(known)):
            raise SettingError(
                f"Recipe: unknown group {', '.join(unknown)}; known are {', '.join(known)}"
            )
        return cls(
            NetworkConfig.from_dict(groups.get("network", {})),
            AugmentConfig.from_dict(groups.get("augment", {})),
            TrainConfig.from_dict(groups.get("train", {})),
        )


@dataclass(frozen=True)
class RetrainConfig(Config):
    """How a model learns from what a person has corrected; chosen by ``bench_correct.py``."""

    minutes: float = setting(
        2.0,
        "Time that the network learns; loading it and writing the new model come on top.",
        unit="minutes",
        ge=0.05,
        le=1000,
    )
    learning_rate: float = setting(
        1e-3, "Adam's step size at the start; smaller changes the model less.", ge=1e-7, le=1
    )
    rehearse: float = setting(
        0.3,
        "Fraction of the patches that come from earlier corrections and what else the model was "
        "trained on, where that is at hand, so that it does not forget.",
        ge=0,
        le=0.9,
    )


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
    )
    int8: bool = setting(
        False,
        "Have OpenVINO take the int8 form also where what it costs is unknown or too much; it is "
        "made from the stack where the model has none.",
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


@dataclass(frozen=True)
class BrushConfig(Config):
    """How the tools of the dock *Correct* draw."""

    thickness_px: int = setting(
        3, "How thick a membrane is drawn, and left around a new cell.", unit="px", ge=1, le=100
    )
    through_stack: bool = setting(
        False,
        "Cells that are merged become one in the neighbouring slices too, as far as they go.",
    )


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
    )
