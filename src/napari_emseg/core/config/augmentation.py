"""Settings of the augmentation."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting
from napari_emseg.errors import SettingError


@dataclass(frozen=True)
class AugmentConfig(Config):
    """How training patches are varied.

    Every transform has a probability and a strength. Those that move pixels move image, mask and
    weights together; the others act on the image alone, and on each of its slices for itself. Blank
    areas take their weight with them. Grey values are in standard deviations of the slice, because
    slices come in normalised.
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
    organelle_probability: float = setting(
        0.0,
        "Fraction of the patches whose cells hold other contrasts.",
        ge=0,
        le=1,
        label="Contrast of organelles",
    )
    organelle: float = setting(
        1.0,
        "Change of dark and bright structures in cells, at most: 0.5 flattens them, 1 reverses or "
        "doubles their contrast.",
        ge=0,
        le=2,
        label="Its change",
    )
    organelle_shade: float = setting(
        0.8, "Cytoplasm brighter or darker, at most, in standard deviations of the slice.",
        ge=0, le=3, label="Shade of cytoplasm",
    )  # fmt: skip
    membrane_probability: float = setting(
        0.0,
        "Fraction of the patches with fainter or darker membranes.",
        ge=0,
        le=1,
        label="Shade of membranes",
    )
    membrane_shade: float = setting(
        0.8,
        "Shade of the membranes, at most, in standard deviations of the slice.",
        ge=0,
        le=3,
        label="Its change",
    )
    thickness_probability: float = setting(
        0.0,
        "Fraction of the slices with thicker or thinner dark lines.",
        ge=0,
        le=1,
        label="Thickness of dark lines",
    )
    thickness: float = setting(
        0.8, "Share of lines that are a pixel thicker or thinner on each side, at most.",
        ge=0, le=1, label="Share of lines",
    )  # fmt: skip
    histogram_probability: float = setting(
        0.0,
        "Fraction of the slices with the grey values of another source, where there are several.",
        ge=0,
        le=1,
        label="Grey values of another source",
    )
    histogram: float = setting(
        1.0,
        "Share of those grey values, at most; at least half of it.",
        ge=0,
        le=1,
        label="Their share",
    )
    coarse_probability: float = setting(
        0.0,
        "Fraction of the slices as a microscope with larger pixels shows them.",
        ge=0,
        le=1,
        label="Larger pixels",
    )
    coarse_factor: float = setting(
        2.5, "Edge of those pixels, at most.", unit="px", ge=1, le=10, label="Their edge"
    )
    spectrum_probability: float = setting(
        0.0,
        "Fraction of the slices with another sharpness, frequency by frequency.",
        ge=0,
        le=1,
        label="Sharpness",
    )
    spectrum: float = setting(
        0.5, "Change of an amplitude, at most, in nepers: 0.5 is a factor of 1.6 either way.",
        ge=0, le=3, label="Its change",
    )  # fmt: skip
    gradient_probability: float = setting(
        0.0,
        "Fraction of the slices with uneven light and contrast.",
        ge=0,
        le=1,
        label="Uneven light",
    )
    gradient: float = setting(
        1.0,
        "Unevenness of the light, in standard deviations of the slice.",
        ge=0,
        le=5,
        label="Unevenness",
    )
    gradient_contrast: float = setting(
        0.5, "Unevenness of the contrast, in nepers: 0.5 is a factor of 1.6 either way.",
        ge=0, le=2, label="Of the contrast",
    )  # fmt: skip
    stripes_probability: float = setting(
        0.0, "Fraction of the slices with stripes along an axis.", ge=0, le=1
    )
    stripes: float = setting(
        0.5,
        "Sigma of the stripes, at most, in standard deviations of the slice.",
        ge=0,
        le=3,
        label="Their strength",
    )
    grain_probability: float = setting(
        0.0,
        "Fraction of the slices with grainy noise, stronger where it is bright.",
        ge=0,
        le=1,
        label="Grainy noise",
    )
    grain: float = setting(
        0.6,
        "Sigma of that noise, at most, in standard deviations of the slice.",
        ge=0,
        le=3,
        label="Its strength",
    )
    gap_probability: float = setting(
        0.0, "Fraction of the slices with one to three blank areas, which do not count.",
        ge=0, le=1, label="Blank areas",
    )  # fmt: skip
    gap_edge: float = setting(
        0.25,
        "Edge of a blank area, at most, as a fraction of the patch's.",
        ge=0,
        le=1,
        label="Their edge",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("elastic_alpha", "elastic_sigma"):
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if low > high:
                raise SettingError(
                    f"{name}_min: expected at most {name}_max={high}, received {low}"
                )
