"""The network: what goes in, what comes out, and how far it sees."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
import pytest

from napari_emseg.core.config import NetworkConfig
from napari_emseg.model.unet import build_unet

SHAPES = [NetworkConfig(d, f, r) for (d, f), r in product([(1, 4), (2, 3), (3, 2)], [True, False])]


def named(config):
    return f"{config.depth}-{config.base_filters}-{'residual' if config.residual else 'plain'}"


@pytest.mark.parametrize("config", SHAPES, ids=named)
def test_probabilities_of_the_input_s_shape(config, network_of):
    model = network_of(config)
    for y, x in [(1, 1), (3, 2), (2, 5)]:
        shape = (2, y * config.multiple, x * config.multiple, 1)
        image = np.random.default_rng(0).standard_normal(shape, dtype=np.float32) * 50
        probability = model.predict_on_batch(image)
        assert probability.shape == shape
        assert probability.dtype == np.float32
        assert probability.min() >= 0
        assert probability.max() <= 1
        assert np.ptp(probability) > 0


@pytest.mark.parametrize("config", SHAPES, ids=named)
def test_reach_bounds_what_an_output_pixel_sees(config, network_of):
    """Change one pixel; no output pixel farther away than the reach may change."""
    model = network_of(config)
    edge = 2 * (config.reach // config.multiple + 3) * config.multiple
    image = np.random.default_rng(0).standard_normal((1, edge, edge, 1), dtype=np.float32)
    before = model.predict_on_batch(image)
    farthest = 0
    # pooling makes the reach depend on where a pixel lies in its block
    for offset in range(config.multiple):
        at = edge // 2 + offset
        changed = image.copy()
        changed[0, at, at] += 1000
        moved = np.argwhere(model.predict_on_batch(changed)[0, ..., 0] != before[0, ..., 0])
        farthest = max(farthest, np.abs(moved - at).max())
    assert farthest <= config.reach
    # nor is it more cautious than it need be
    assert farthest >= 0.6 * config.reach


def test_depth_and_width_are_what_the_config_says():
    def filters(model, name):
        return model.get_layer(name).filters

    model = build_unet(NetworkConfig(3, 8))
    assert [filters(model, f"down{level}_a") for level in range(3)] == [8, 16, 32]
    assert filters(model, "bottom_a") == 64
    assert [filters(model, f"up{level}_a") for level in range(3)] == [8, 16, 32]
    with pytest.raises(ValueError, match="No such layer"):
        model.get_layer("down3_a")


def test_residual_adds_the_short_cuts():
    def names(residual):
        model = build_unet(NetworkConfig(2, 4, residual))
        return {layer.name for layer in model.layers if "short" in layer.name}

    assert {"down0_short", "bottom_short", "up0_short"} <= names(True)
    assert not names(False)


def test_nothing_in_it_stops_an_export():
    model = build_unet(NetworkConfig(2, 4))
    kinds = {type(layer) for layer in model.layers}
    assert all(kind.__module__.startswith("keras.") for kind in kinds)
    assert keras.layers.Lambda not in kinds
    assert keras.layers.UpSampling2D not in kinds  # bilinear ones do not export
    assert model.input_shape == (None, None, None, 1)
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    image = np.random.default_rng(0).standard_normal((1, 8, 12, 1), dtype=np.float32)
    np.testing.assert_array_equal(copy.predict_on_batch(image), model.predict_on_batch(image))


def test_the_output_is_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_unet(NetworkConfig(1, 2))
    finally:
        keras.config.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(model.output.dtype) == "float32"
