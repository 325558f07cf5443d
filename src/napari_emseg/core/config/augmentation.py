"""Settings of the augmentation."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting
from napari_emseg.errors import SettingError


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
        0.01,
        "Fraction of the slices on which a second section lies.",
        ge=0,
        le=1,
        label="A second section on it",
    )
    doubled_share: float = setting(
        0.4, "Largest share of that second section.", ge=0, le=1, label="Its share"
    )
    doubled_shift_px: float = setting(
        12.0, "Shift of that second section, at most.", unit="px", ge=0, le=1000, label="Its shift"
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
