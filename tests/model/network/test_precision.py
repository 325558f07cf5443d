"""Networks in half and single precision."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.model.network.precision import in_precision, is_half
from napari_emseg.model.network.unet import build_unet


@pytest.mark.parametrize("classes", [2, 3])
def test_half_precision_and_back(classes):
    model = build_unet(NetworkConfig(1, 4, classes=classes))
    half = in_precision(model, half=True)
    assert is_half(half)
    assert half.output.dtype == "float32"
    again = in_precision(half, half=False)
    assert not is_half(again)
    assert not is_half(model)
    image = np.random.default_rng(0).standard_normal((1, 16, 16, 1), dtype=np.float32)
    expected = model.predict_on_batch(image)
    np.testing.assert_array_equal(again.predict_on_batch(image), expected)
    np.testing.assert_allclose(half.predict_on_batch(image), expected, atol=0.02)
