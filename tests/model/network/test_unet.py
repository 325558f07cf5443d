"""The network: what goes in, what comes out, and how far it sees."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.model.network.unet import build_unet

SHAPES = [
    *(NetworkConfig(d, f, r) for (d, f), r in product([(1, 4), (2, 3), (3, 2)], [True, False])),
    NetworkConfig(2, 3, normalisation="layer", dropout=0.5),
    NetworkConfig(2, 3, normalisation="none", input_slices=3),
    NetworkConfig(1, 4, classes=3),
]


def named(config):
    blocks = "residual" if config.residual else "plain"
    return f"{config.depth}-{config.base_filters}-{blocks}-{config.normalisation}-{config.classes}"


@pytest.mark.parametrize("config", SHAPES, ids=named)
def test_probabilities_of_the_input_s_shape(config, network_of):
    model = network_of(config)
    for y, x in [(1, 1), (3, 2), (2, 5)]:
        shape = (2, y * config.multiple, x * config.multiple)
        image = np.random.default_rng(0).standard_normal(
            (*shape, config.input_slices), dtype=np.float32
        )
        probability = model.predict_on_batch(image)
        assert probability.shape == (*shape, config.channels)
        assert probability.dtype == np.float32
        assert probability.min() >= 0
        assert probability.max() <= 1
        assert np.ptp(probability) > 0
        if config.classes > 2:
            np.testing.assert_allclose(probability.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("config", SHAPES, ids=named)
def test_reach_bounds_what_an_output_pixel_sees(config, network_of):
    """Change one pixel; no output pixel farther away than the reach may change."""
    model = network_of(config)
    edge = 2 * (config.reach // config.multiple + 3) * config.multiple
    image = np.random.default_rng(0).standard_normal(
        (1, edge, edge, config.input_slices), dtype=np.float32
    )
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


@pytest.mark.parametrize(
    ("normalisation", "kind"),
    [("batch", keras.layers.BatchNormalization), ("layer", keras.layers.LayerNormalization)],
)
def test_both_convolutions_of_a_block_are_normalised_and_its_short_cut_is_not(normalisation, kind):
    model = build_unet(NetworkConfig(2, 4, normalisation=normalisation))
    convolutions = [each for each in model.layers if type(each) is keras.layers.Conv2D]
    norms = {layer.name for layer in model.layers if isinstance(layer, kind)}
    assert norms == {f"{each.name}_norm" for each in convolutions if each.kernel_size == (3, 3)}
    assert not model.get_layer("down0_a").use_bias


def test_without_normalisation_convolutions_have_a_bias():
    model = build_unet(NetworkConfig(2, 4, normalisation="none"))
    assert not [layer.name for layer in model.layers if "norm" in layer.name]
    assert model.get_layer("down0_a").use_bias


def test_dropout_acts_on_whole_features_and_in_training_alone():
    model = build_unet(NetworkConfig(1, 8, dropout=0.5))
    assert isinstance(model.get_layer("bottom_dropout"), keras.layers.SpatialDropout2D)
    image = np.random.default_rng(0).standard_normal((1, 8, 8, 1), dtype=np.float32)
    calm = [keras.ops.convert_to_numpy(model(image, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    features = keras.Model(model.input, model.get_layer("bottom_dropout").output)
    dropped = keras.ops.convert_to_numpy(features(image, training=True))
    assert 0 < (dropped == 0).all(axis=(0, 1, 2)).sum() < 16
    names = {layer.name for layer in build_unet(NetworkConfig(1, 8)).layers}
    assert "bottom_dropout" not in names


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
