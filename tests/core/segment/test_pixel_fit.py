from __future__ import annotations

import pytest

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.pixel_fit import PixelFit, fit_pixels
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.errors import SettingError

MODEL = (50.0, 4.0, 4.0)
UNKNOWN = (
    "The pixel size of the stack is unknown and, unless it is given, taken for the model's 4 nm"
)
LEARNED = "the model learned at 4 nm"


@pytest.mark.parametrize(
    ("stack", "config", "factor", "said"),
    [
        ((30, 16, 16), {}, 4, f"Pixels are 16 nm, {LEARNED}: slices are resampled by 4."),
        ((30, 2, 2), {}, 0.5, f"Pixels are 2 nm, {LEARNED}: slices are resampled by 0.5."),
        ((50, 4, 4), {"pixel_size_nm": 8}, 2,
         f"Pixels are 8 nm, {LEARNED}: slices are resampled by 2."),
        ((50, 16, 16), {"pixel_size_nm": 4}, 1, ""),
        ((50, 8, 8), {"scale": 1.5}, 3,
         f"Pixels are 8 nm, {LEARNED}, and the scale is 1.5: slices are resampled by 3."),
        ((50, 8, 8), {"scale": 0.5}, 1,
         f"Pixels are 8 nm, {LEARNED}, and the scale is 0.5."),
        ((50, 4, 4), {"scale": 1.5}, 1.5, "The scale is 1.5: slices are resampled by 1.5."),
        (None, {}, 1, f"{UNKNOWN}."),
        (None, {"scale": 2}, 2, f"{UNKNOWN}, and the scale is 2: slices are resampled by 2."),
        (None, {"pixel_size_nm": 8}, 2, f"Pixels are 8 nm, {LEARNED}: slices are resampled by 2."),
    ],
)  # fmt: skip
def test_it_is_resampled_and_said(stack, config, factor, said):
    fit = fit_pixels(stack, MODEL, PredictConfig(**config))
    assert fit == PixelFit(Resampling(factor, factor), said)


def test_pixels_that_are_no_squares():
    fit = fit_pixels((50, 8, 4), MODEL)
    assert fit.resampling == Resampling(2, 1)
    assert fit.said == f"Pixels are 8 x 4 nm, {LEARNED}: slices are resampled by 2 x 1."


@pytest.mark.parametrize("stack", [None, (50, 16, 16)])
def test_a_model_that_does_not_know_its_pixels_takes_all(stack):
    assert fit_pixels(stack, None) == PixelFit(AS_IT_IS, "")
    assert fit_pixels(stack, None, PredictConfig(scale=2)).resampling == Resampling(2, 2)


@pytest.mark.parametrize("config", [{"pixel_size_nm": 40}, {"pixel_size_nm": 8, "scale": 8}])
def test_more_than_a_factor_of_8_is_refused(config):
    with pytest.raises(SettingError, match="at most a factor of 8"):
        fit_pixels(None, MODEL, PredictConfig(**config))
